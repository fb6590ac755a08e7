import type { CronEntry } from '../cron-entry.ts';
import { JOB_STATES } from '../model.ts';
import { formatCoarse } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { stateMark } from './state.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { formatTime } from './time.ts';

const COLUMNS: readonly Column[] = [
  { title: 'name', flex: { comfortWidth: 24, leastWidth: 8 } },
  { title: 'when', flex: { comfortWidth: 16, leastWidth: 9 } },
  { title: 'zone', dropRank: 3, flex: { comfortWidth: 16, leastWidth: 8 } },
  { title: 'queue', dropRank: 2, extra: true, flex: { comfortWidth: 12, leastWidth: 7 } },
  { title: 'task', dropRank: 1, extra: true, flex: { comfortWidth: 24, leastWidth: 12 } },
  { title: 'next slot' },
  { title: 'last slot', dropRank: 4 },
  { title: 'outcome' },
];

/** `rqt cron list` for a person: one row per entry, in their order; times are local to the entry's zone. Without a last line feed. */
export function renderCron(entries: readonly CronEntry[], now: number, look: Look): string {
  return renderTable({ columns: COLUMNS, rows: entries.map(entry => cellsOf(entry, now, look)) }, look);
}

function cellsOf(entry: CronEntry, now: number, look: Look): Cell[] {
  return [
    safeLine(entry.name),
    safeLine(entry.expression),
    safeLine(entry.zone),
    safeLine(entry.queue),
    { text: safeLine(entry.description), paint: look.colour.green },
    nextOf(entry, now, look),
    entry.lastSlot === null ? '' : shortTime(entry.lastSlot, now, entry.zone),
    outcomeOf(entry, look),
  ];
}

function nextOf({ paused, nextSlot, zone }: CronEntry, now: number, look: Look): Cell {
  if (paused) return { text: 'paused', paint: look.colour.yellow };
  if (nextSlot === null) return 'never';
  const overdue = nextSlot <= now;
  const distance = overdue ? `${formatCoarse(now - nextSlot)} overdue` : `in ${formatCoarse(nextSlot - now)}`;
  return { text: `${shortTime(nextSlot, now, zone)} (${distance})`, paint: overdue ? look.colour.red : text => text };
}

/** A time in the entry's zone: `09:00` of today, `02:30 on 28 March`'s date as `03-28 02:30`; with seconds where there are some, with the year where it is another. */
function shortTime(at: number, now: number, timeZone: string): string {
  const text = formatTime(at, { timeZone });
  const today = formatTime(now, { timeZone });
  const clock = text.endsWith(':00') ? text.slice(11, 16) : text.slice(11);
  if (text.slice(0, 10) === today.slice(0, 10)) return clock;
  return text.slice(0, 4) === today.slice(0, 4) ? `${text.slice(5, 10)} ${clock}` : `${text.slice(0, 10)} ${clock}`;
}

function outcomeOf({ lastJob }: CronEntry, look: Look): Cell {
  if (!lastJob) return '';
  if (lastJob.state === null) return { text: 'gone', paint: look.colour.dim };
  const state = JOB_STATES.find(known => known === lastJob.state) ?? 'other';
  return stateMark(state, lastJob.state, look);
}

import type { JobRow } from '../model.ts';
import { formatAge, formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { stateMark } from './state.ts';
import { type Cell, type Column, fitsTable, renderTable, type TableData } from './table.ts';
import { formatTime } from './time.ts';
import { truncate } from './width.ts';

const COLUMNS: readonly Column[] = [
  { title: 'id' },
  { title: 'state' },
  { title: 'queue', dropRank: 3, flex: { comfortWidth: 16, leastWidth: 8 } },
  { title: 'task', flex: { comfortWidth: 24, leastWidth: 12 } },
  { title: 'when', align: 'right', dropRank: 4 },
  { title: 'took', align: 'right', dropRank: 2 },
  { title: 'worker or due', dropRank: 1, extra: true, flex: { comfortWidth: 19, leastWidth: 10 } },
];

/**
 * `rqt jobs` for a person: one row per job, in their order; `readAt` is what ages are relative to. Ids are copied: where they leave no room for
 * state and task, each has a line of its own, and is cut only where it is wider than that. Without a last line feed.
 */
export function renderJobs(rows: readonly JobRow[], readAt: number, look: Look): string {
  const table = { columns: COLUMNS, rows: rows.map(row => cellsOf(row, readAt, look)) };
  return fitsTable(table, look) ? renderTable(table, look) : renderStacked(rows, table, look);
}

const INDENT = '  ';

/** Under each id the rest of its row. */
function renderStacked(jobs: readonly JobRow[], table: TableData, look: Look): string {
  const rest = { columns: table.columns.slice(1), rows: table.rows.map(cells => cells.slice(1)) };
  const lines = renderTable(rest, { ...look, width: look.width - INDENT.length }).split('\n');
  const head = lines.splice(0, lines.length - jobs.length);
  const body = lines.flatMap((line, i) => [truncate(safeLine(jobs[i]?.id ?? ''), look.width, look), INDENT + line]);
  return [look.colour.dim('id'), ...head.map(line => INDENT + line), ...body].join('\n');
}

function cellsOf(row: JobRow, readAt: number, look: Look): Cell[] {
  return [
    safeLine(row.id),
    stateMark(row.state, row.state, look),
    safeLine(row.queue),
    { text: safeLine(row.description), paint: look.colour.green },
    row.at === null ? '' : formatAge(readAt - row.at),
    took(row, readAt),
    placeOf(row, look),
  ];
}

/** How long it ran, or runs so far. */
function took({ state, startedAt, endedAt }: JobRow, readAt: number): string {
  const until = state === 'started' ? readAt : state === 'finished' || state === 'failed' || state === 'stopped' ? endedAt : null;
  return startedAt === null || until === null ? '' : formatDuration(until - startedAt);
}

function placeOf({ state, at, worker }: JobRow, look: Look): string {
  if (state === 'scheduled') return at === null ? '' : formatTime(at, look);
  const hasRun = state === 'started' || state === 'finished' || state === 'failed' || state === 'stopped';
  return hasRun && worker !== null ? safeLine(worker) : '';
}

import type { Overview, QueueInfo } from '../model.ts';
import { barScale, renderBar } from './bar.ts';
import { formatCount } from './count.ts';
import { formatCoarse, formatDuration } from './duration.ts';
import { byName } from './info-order.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { type Cell, type Column, renderTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'queue', flex: { comfortWidth: 24, leastWidth: 16 } },
  { title: '', dropRank: 1, extra: true, fill: { leastWidth: 8, mostWidth: 40 } },
  { title: 'queued', align: 'right' },
  { title: 'executing', shortTitle: 'exec', align: 'right', dropRank: 7 },
  { title: 'deferred', shortTitle: 'defer', align: 'right', dropRank: 2 },
  { title: 'scheduled', shortTitle: 'sched', align: 'right', dropRank: 3 },
  { title: 'finished', shortTitle: 'done', align: 'right', dropRank: 4 },
  { title: 'failed', align: 'right', dropRank: 6 },
  { title: 'oldest', align: 'right', dropRank: 5 },
];
/** Only where a suspended queue resumes by itself. */
const RESUMES: Column = { title: 'resumes in', align: 'right', dropRank: 8 };

/** The table of queues, sorted by name; a hint when there is none. */
export function renderQueues({ queues, readAt }: Overview, look: Look): string {
  if (queues.length === 0) return look.colour.dim('no queues yet: rqt enqueue hello#hello you');
  const scale = barScale(queues.reduce((largest, { queued }) => Math.max(largest, queued), 0));
  const rows = [...queues].sort(byName).map(queue => rowOf(queue, { scale, readAt, look }));
  return renderTable({ columns: queues.some(resumes) ? [...COLUMNS, RESUMES] : COLUMNS, rows }, look);
}

interface Context {
  readonly scale: number;
  readonly readAt: number;
  readonly look: Look;
}

function rowOf(queue: QueueInfo, { scale, readAt, look }: Context): Cell[] {
  const { colour } = look;
  return [
    nameCell(queue, look),
    { draw: width => renderBar(queue.queued / scale, width, look), paint: colour.green },
    count(queue.queued, look, colour.bold),
    count(queue.started, look, colour.cyan),
    count(queue.deferred, look),
    count(queue.scheduled, look),
    count(queue.finished, look),
    count(queue.failed, look, colour.red),
    queue.oldestAt === null ? { text: '-', paint: colour.dim } : formatCoarse(readAt - queue.oldestAt),
    queue.resumesInMs === null ? '' : { text: formatDuration(queue.resumesInMs), paint: colour.yellow },
  ];
}

function resumes({ resumesInMs }: QueueInfo): boolean {
  return resumesInMs !== null;
}

function nameCell({ name, suspended }: QueueInfo, { colour }: Look): Cell {
  return suspended ? { text: safeLine(name), tail: ' (suspended)', paint: colour.yellow } : safeLine(name);
}

function count(value: number, { colour }: Look, paint?: (text: string) => string): Cell {
  const text = formatCount(value);
  if (value === 0) return { text, paint: colour.dim };
  return paint ? { text, paint } : text;
}

import { DEFAULT_QUEUE, type Overview, type QueueInfo, RUN_QUEUE_START, type WorkerInfo } from '../model.ts';
import { formatCount } from './count.ts';
import { formatCoarse } from './duration.ts';
import { byName } from './info-order.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { type Cell, type Column, renderTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'worker', flex: { comfortWidth: 24, leastWidth: 8 } },
  { title: 'state', flex: { comfortWidth: 9, leastWidth: 4 } },
  { title: 'queues', dropRank: 6, flex: { comfortWidth: 20, leastWidth: 6 } },
  { title: 'current job', shortTitle: 'job', dropRank: 7, flex: { comfortWidth: 36, leastWidth: 8 } },
  { title: 'for', align: 'right', dropRank: 5 },
  { title: 'done', align: 'right', dropRank: 3 },
  { title: 'failed', align: 'right', dropRank: 4 },
  { title: 'host', dropRank: 1, extra: true, flex: { comfortWidth: 16, leastWidth: 8 } },
  { title: 'uptime', align: 'right', dropRank: 2, extra: true },
];

/** The table of workers, sorted by name; a hint when there is none. */
export function renderWorkers({ workers, queues, readAt }: Overview, look: Look): string {
  if (workers.length === 0) return look.colour.dim(`no workers: rqt worker --burst ${queueToWorkOn(queues)}`);
  const rows = [...workers].sort(byName).map(worker => rowOf(worker, readAt, look));
  return renderTable({ columns: COLUMNS, rows }, look);
}

/** RQ's `-R`: each queue with its workers and their states. */
export function renderWorkersByQueue({ workers, queues }: Overview, look: Look): string {
  if (queues.length === 0) return look.colour.dim(`no workers: rqt worker --burst ${queueToWorkOn(queues)}`);
  const states = new Map(workers.map(({ name, state }) => [name, state]));
  const rows = [...queues].sort(byName).map(queue => [
    safeLine(queue.name),
    queue.workers.length === 0
      ? { text: 'none', paint: look.colour.dim }
      : [...queue.workers]
          .sort()
          .map(name => safeLine(`${name} (${states.get(name) ?? '?'})`))
          .join(', '),
  ]);
  const columns = [
    { title: 'queue', flex: { comfortWidth: 24, leastWidth: 4 } },
    { title: 'workers', flex: { comfortWidth: 10, leastWidth: 4 } },
  ];
  return renderTable({ columns, rows }, look);
}

function rowOf(worker: WorkerInfo, readAt: number, look: Look): Cell[] {
  const { colour } = look;
  const job = worker.currentJob;
  const sinceText = (at: number | null) => (at === null ? '-' : formatCoarse(readAt - at));
  return [
    safeLine(worker.name),
    { text: safeLine(worker.state), paint: statePaint(worker.state, look) },
    safeLine(worker.queues.join(', ')),
    job ? safeLine(job.id) : { text: '-', paint: colour.dim },
    job ? sinceText(job.startedAt) : { text: '-', paint: colour.dim },
    formatCount(worker.done),
    { text: formatCount(worker.failed), paint: worker.failed > 0 ? colour.red : colour.dim },
    safeLine(worker.host),
    sinceText(worker.bornAt),
  ];
}

function statePaint(state: string, { colour }: Look): (text: string) => string {
  if (state === 'busy') return colour.green;
  if (state === 'suspended') return colour.yellow;
  return state === 'idle' ? colour.dim : text => text;
}

/** The queue with the most to do, now or to come, else the one that had the most, but none of `rqt run`'s. It can be typed without quotes, so that the hint can be pasted. */
function queueToWorkOn(queues: readonly QueueInfo[]): string {
  const best = queues.filter(({ name }) => !name.startsWith(RUN_QUEUE_START)).sort(byWork)[0];
  if (best === undefined) return DEFAULT_QUEUE;
  return /^[\w.-]+$/.test(best.name) && !best.name.startsWith('-') ? best.name : '<queue>';
}

function byWork(a: QueueInfo, b: QueueInfo): number {
  const isDefault = ({ name }: QueueInfo) => Number(name === DEFAULT_QUEUE);
  const coming = ({ deferred, scheduled }: QueueInfo) => deferred + scheduled;
  const done = ({ finished, failed, canceled }: QueueInfo) => finished + failed + canceled;
  return b.queued - a.queued || coming(b) - coming(a) || done(b) - done(a) || isDefault(b) - isDefault(a) || byName(a, b);
}

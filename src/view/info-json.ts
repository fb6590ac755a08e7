import type { Overview, QueueInfo, WorkerInfo } from '../model.ts';
import { byName } from './info-order.ts';
import { isoTime, toSeconds } from './time.ts';

/**
 * `rqt info --json`: a plain object, version 1. Names are stable; times are ISO 8601 in UTC, durations seconds, and what
 * does not exist is null. Queues and workers are sorted by name.
 */
export function infoDocument(overview: Overview) {
  return {
    version: 1,
    kind: 'info',
    read_at: isoTime(overview.readAt),
    suspended: overview.suspended,
    resumes_in_seconds: toSeconds(overview.resumesInMs),
    totals: totalsOf(overview),
    queues: [...overview.queues].sort(byName).map(queue => queueOf(queue, overview.readAt)),
    workers: [...overview.workers].sort(byName).map(worker => workerOf(worker, overview.readAt)),
  } as const;
}

function totalsOf({ queues, workers }: Overview) {
  const sum = (of: Counted) => queues.reduce((total, queue) => total + queue[of], 0);
  return {
    queues: queues.length,
    queued: sum('queued'),
    started: sum('started'),
    deferred: sum('deferred'),
    scheduled: sum('scheduled'),
    finished: sum('finished'),
    failed: sum('failed'),
    canceled: sum('canceled'),
    workers: workers.length,
    busy_workers: workers.filter(({ state }) => state === 'busy').length,
  };
}

type Counted = 'queued' | 'started' | 'deferred' | 'scheduled' | 'finished' | 'failed' | 'canceled';

function queueOf(queue: QueueInfo, readAt: number) {
  return {
    name: queue.name,
    queued: queue.queued,
    started: queue.started,
    deferred: queue.deferred,
    scheduled: queue.scheduled,
    finished: queue.finished,
    failed: queue.failed,
    canceled: queue.canceled,
    oldest_at: isoTime(queue.oldestAt),
    oldest_age_seconds: ageOf(queue.oldestAt, readAt),
    suspended: queue.suspended,
    resumes_in_seconds: toSeconds(queue.resumesInMs),
    workers: [...queue.workers].sort(),
  };
}

function workerOf(worker: WorkerInfo, readAt: number) {
  const job = worker.currentJob;
  return {
    name: worker.name,
    state: worker.state,
    queues: worker.queues,
    current_job: job && { id: job.id, started_at: isoTime(job.startedAt), running_seconds: ageOf(job.startedAt, readAt) },
    done: worker.done,
    failed: worker.failed,
    host: worker.host,
    address: worker.address,
    pid: worker.pid,
    version: worker.version,
    born_at: isoTime(worker.bornAt),
    uptime_seconds: ageOf(worker.bornAt, readAt),
    last_heartbeat_at: isoTime(worker.lastHeartbeatAt),
  };
}

function ageOf(at: number | null, readAt: number): number | null {
  return at === null ? null : toSeconds(Math.max(0, readAt - at));
}

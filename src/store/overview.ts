import type { ChainableCommander } from 'ioredis';
import type { Overview, QueueInfo, WorkerInfo } from '../model.ts';
import { redisNow } from './clock.ts';
import { parseStamp } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { countOf } from './numbers.ts';

/**
 * What `rqt info` shows: three round trips, whose cost depends on the number of queues and workers and never on the number of
 * jobs. It only reads. With `only`, the workers are those that listen on one of these queues.
 */
export async function overview(db: Db, only: readonly string[] = []): Promise<Overview> {
  const { client, prefix } = db;
  const [readAt, known, workerKeys, suspendedMs] = await Promise.all([
    redisNow(db),
    client.smembers(keys.queues(prefix)),
    client.smembers(keys.workers(prefix)),
    client.pttl(keys.suspended(prefix)),
  ]);
  const queueStart = keys.queue(prefix, '');
  const names = known.filter(key => key.startsWith(queueStart)).map(key => key.slice(queueStart.length));
  const shown = only.length > 0 ? [...new Set(only)] : names.sort();
  const all = await readWorkers(db, workerKeys);
  const workers = only.length > 0 ? all.filter(worker => worker.queues.some(queue => only.includes(queue))) : all;
  return { queues: await readQueues(db, shown, all, readAt), workers, ...suspensionOf(suspendedMs), readAt };
}

/** The names of all queues that Redis knows, sorted. */
export async function queueNames(db: Db): Promise<string[]> {
  const start = keys.queue(db.prefix, '');
  const known = await db.client.smembers(keys.queues(db.prefix));
  return known
    .filter(key => key.startsWith(start))
    .map(key => key.slice(start.length))
    .sort();
}

/** The queues that there are: those that Redis lists, and those that a worker listens on. It only reads. */
export async function knownQueues(db: Db): Promise<string[]> {
  const listed = await queueNames(db);
  const workers = await readWorkers(db, await db.client.smembers(keys.workers(db.prefix)));
  return [...new Set([...listed, ...workers.flatMap(({ queues }) => queues)])];
}

async function readQueues(
  db: Db,
  names: readonly string[],
  workers: readonly WorkerInfo[],
  readAt: number,
): Promise<QueueInfo[]> {
  const { client, prefix } = db;
  const counts = await results(
    names.reduce((pipeline, name) => countQueue(pipeline, prefix, name, Math.floor(readAt / 1000)), client.pipeline()),
  );
  const perQueue = counts.length / Math.max(names.length, 1);
  const rows = names.map((name, i) => ({ name, values: counts.slice(i * perQueue, (i + 1) * perQueue) }));
  const oldest = await results(
    rows.reduce(
      (pipeline, { values }) => pipeline.hget(keys.job(prefix, String(values[8] ?? '')), 'enqueued_at'),
      client.pipeline(),
    ),
  );
  return rows.map(({ name, values }, i) => ({
    name,
    queued: Number(values[0]),
    started: Number(values[1]),
    deferred: Number(values[2]),
    scheduled: Number(values[3]),
    finished: Number(values[4]),
    failed: Number(values[5]) + Number(values[6]),
    canceled: Number(values[7]),
    oldestAt: parseStamp(text(oldest[i])),
    ...suspensionOf(Number(values[9])),
    workers: workers.filter(worker => worker.queues.includes(name)).map(worker => worker.name),
  }));
}

/** Registries that end keep their members until somebody sweeps: only those whose time is not over count. */
function countQueue(pipeline: ChainableCommander, prefix: string, name: string, nowSeconds: number): ChainableCommander {
  return pipeline
    .llen(keys.queue(prefix, name))
    .zcard(keys.registry(prefix, 'wip', name))
    .zcard(keys.registry(prefix, 'deferred', name))
    .zcard(keys.registry(prefix, 'scheduled', name))
    .zcount(keys.registry(prefix, 'finished', name), `(${nowSeconds}`, '+inf')
    .zcount(keys.registry(prefix, 'failed', name), `(${nowSeconds}`, '+inf')
    .zcount(keys.registry(prefix, 'failed', name), '-inf', '(0')
    .zcard(keys.registry(prefix, 'canceled', name))
    .lindex(keys.queue(prefix, name), 0)
    .pttl(keys.queueSuspended(prefix, name));
}

/** What PTTL says of the key of a suspension: -2 there is none, -1 it has no end. */
function suspensionOf(ttlMs: number): Pick<QueueInfo, 'suspended' | 'resumesInMs'> {
  return { suspended: ttlMs !== -2, resumesInMs: ttlMs < 0 ? null : ttlMs };
}

async function readWorkers(db: Db, workerKeys: readonly string[]): Promise<WorkerInfo[]> {
  const start = keys.worker(db.prefix, '');
  const found = await results(workerKeys.reduce((pipeline, key) => pipeline.hgetall(key), db.client.pipeline()));
  const workers = found.flatMap((hash, i) =>
    readWorker((workerKeys[i] ?? '').slice(start.length), hash as Record<string, string>),
  );
  const started = await results(
    workers.reduce(
      (pipeline, { currentJob }) => pipeline.hget(keys.job(db.prefix, currentJob?.id ?? ''), 'started_at'),
      db.client.pipeline(),
    ),
  );
  return workers
    .map((worker, i) =>
      worker.currentJob
        ? { ...worker, currentJob: { id: worker.currentJob.id, startedAt: parseStamp(text(started[i])) } }
        : worker,
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A worker without a hash is one that Redis has forgotten: it died without saying so. */
function readWorker(name: string, hash: Record<string, string>): WorkerInfo[] {
  if (!hash.birth || hash.death) return [];
  const claimed = /:([^:]+)$/.exec(hash.rqt_claim ?? '')?.[1] ?? pythonsCurrentJob(hash.current_job);
  return [
    {
      name,
      state: hash.state ?? '?',
      queues: (hash.queues ?? '').split(',').filter(queue => queue !== ''),
      currentJob: claimed ? { id: claimed, startedAt: null } : null,
      done: countOf(hash.successful_job_count),
      failed: countOf(hash.failed_job_count),
      host: hash.hostname ?? '',
      address: hash.ip_address ?? '',
      pid: countOf(hash.pid) || null,
      version: hash.version ?? '',
      bornAt: parseStamp(hash.birth),
      lastHeartbeatAt: parseStamp(hash.last_heartbeat),
    },
  ];
}

/** RQ 2 writes a plain id here, later ones a pickle. */
function pythonsCurrentJob(field: string | undefined): string | null {
  return field && /^[A-Za-z0-9_-]+$/.test(field) ? field : null;
}

/** A pipeline's values; the first error in it is thrown. */
async function results(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

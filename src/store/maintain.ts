import { STOPPED_WITHOUT_WORKER } from './cancel.ts';
import { encodeError } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/** A job whose worker died, and what became of it. */
export interface Swept {
  readonly id: string;
  readonly fate: 'queued' | 'failed' | 'stopped';
}

/** How often a job may lose its worker before it is given up. */
export const DEFAULT_MAX_CRASHES = 3;

/**
 * A worker whose lease has lapsed is given so long to be heard, once: Redis may have been away, for everybody. More than the longest pause of one that
 * tries to reconnect, or to keep the end of its job.
 */
export const LAST_CALL_MS = 10_000;

/**
 * Puts back the jobs of a queue whose workers died, and releases children that nobody else can release. Bounded: 100 of each kind.
 * `overdue`: how many leases have lapsed just now and are waited for; look again after {@link LAST_CALL_MS}.
 */
export async function sweep(db: Db, queue: string): Promise<{ readonly swept: readonly Swept[]; readonly overdue: number }> {
  const [, overdue, ...rest] = await runScript(db, 'sweep', [
    ...[queue, OUT_OF_CRASHES, DEFAULT_MAX_CRASHES, STOPPED_WITHOUT_WORKER],
    LAST_CALL_MS / 1000,
  ]);
  const swept: Swept[] = [];
  for (let i = 0; i < rest.length; i += 2) swept.push({ id: String(rest[i]), fate: rest[i + 1] as Swept['fate'] });
  return { swept, overdue: Number(overdue) };
}

/** Clears what a queue's registries, and groups, hold of jobs that are gone, in steps that never keep Redis busy for long. */
export async function forget(db: Db, queue: string): Promise<void> {
  for (;;) {
    const [, more] = await runScript(db, 'forget', [queue]);
    if (more !== 1) return;
  }
}

/** A worker that is registered here, and its process (see `rqt_process` in {@link WorkerEntry}). */
export interface Neighbour {
  readonly name: string;
  readonly process: string;
}

/** The registered workers of one machine: those whose host has this name and whose process name begins with `machine`. Three commands' worth of reading. */
export async function neighbours(db: Db, machine: string, host: string): Promise<Neighbour[]> {
  const start = keys.worker(db.prefix, '');
  const known = await db.client.smembers(keys.workers(db.prefix));
  const pipeline = known.reduce((commands, key) => commands.hmget(key, 'rqt_process', 'hostname'), db.client.pipeline());
  const found = (await pipeline.exec()) ?? [];
  return found.flatMap(([, fields], i) => {
    const [process, hostname] = Array.isArray(fields) ? fields : [];
    const isHere = typeof process === 'string' && process.startsWith(`${machine}:`) && hostname === host;
    return isHere ? [{ name: (known[i] ?? '').slice(start.length), process }] : [];
  });
}

/** Unregisters a worker whose process is gone; what it ran is put back at once. Returns that job, or null. */
export async function bury(db: Db, { name, process }: Neighbour): Promise<(Swept & { readonly queue: string }) | null> {
  const [, queue, id, fate] = await runScript(db, 'bury', [
    name,
    process,
    OUT_OF_CRASHES,
    DEFAULT_MAX_CRASHES,
    STOPPED_WITHOUT_WORKER,
  ]);
  return id === undefined ? null : { queue: String(queue), id: String(id), fate: fate as Swept['fate'] };
}

/** The error of a job that is given up since its workers die, encoded. */
export const OUT_OF_CRASHES = encodeError(
  'The worker died while it ran this job, more often than the job allows (--max-crashes, --at-most-once): it is not tried again. Look for what kills the worker: memory, a signal, the machine.',
);

/** Judges the children of ended or removed parents that a script has left to others, to the last one. Returns how many were canceled. */
export async function releaseAll(db: Db): Promise<number> {
  let sum = 0;
  for (;;) {
    const [, canceled, more] = await runScript(db, 'release', []);
    sum += Number(canceled);
    if (more !== 1) return sum;
  }
}

/** What was due. */
export interface Maintained {
  readonly promoted: number;
  readonly expired: number;
  /** More is due now: call again. */
  readonly more: boolean;
  /** Until the next scheduled job is due by Redis's clock, or null. */
  readonly nextDueInMs: number | null;
  /** Until the next slot of `rqt cron`, or null. */
  readonly nextSlotInMs: number | null;
}

/** Enqueues scheduled jobs that are due, cancels jobs that waited longer than their ttl, releases children of ended parents. Bounded. */
export async function maintain(db: Db, queues: readonly string[]): Promise<Maintained> {
  const [, promoted, expired, more, nextDue, nextSlot] = await runScript(db, 'maintain', queues);
  return {
    promoted: Number(promoted),
    expired: Number(expired),
    more: more === 1,
    nextDueInMs: nextDue === '' ? null : Number(nextDue),
    nextSlotInMs: nextSlot === '' ? null : Number(nextSlot),
  };
}

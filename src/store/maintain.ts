import { STOPPED_WITHOUT_WORKER } from './cancel.ts';
import { decodeError, encodeError, parseEpoch } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/** A job whose worker died, and what became of it. */
export interface Swept {
  readonly id: string;
  readonly queue: string;
  readonly fate: 'queued' | 'failed' | 'stopped' | 'finished';
  readonly description: string;
  /** How often its worker has died by now. */
  readonly crashes: number;
  /** It may be started only once. */
  readonly isOnce: boolean;
  /** Its task had come to an end, which was noted: the worker died in the callback, and the job ended as its task did. */
  readonly wasNoted: boolean;
  /** Why the task had failed, reason and stack, or null. */
  readonly error: string | null;
  /** The one that died. */
  readonly worker: string;
  /** When the execution began and was ended, by Redis's clock; null where that is not known. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly attempt: number;
}

/** How often a job may lose its worker before it is given up. */
const DEFAULT_MAX_CRASHES = 3;

/**
 * A worker whose lease has lapsed is given so long to be heard, once: Redis may have been away, for everybody. More than the longest pause of one that
 * tries to reconnect, or to keep the end of its job.
 */
export const LAST_CALL_MS = 10_000;

/**
 * What a sweep came upon. `overdue`: how many leases have lapsed just now and are waited for; look again after {@link LAST_CALL_MS}. `dueCallbacks`:
 * how many ended jobs wait for somebody to run their callback, see `takeCallback`.
 */
export interface Sweep {
  readonly swept: readonly Swept[];
  readonly overdue: number;
  readonly dueCallbacks: number;
}

/** Puts back the jobs of a queue whose workers died, and releases children that nobody else can release. Bounded: 100 of each kind. */
export async function sweep(db: Db, queue: string): Promise<Sweep> {
  const [, overdue, dueCallbacks, ...rest] = await runScript(db, 'sweep', [queue, LAST_CALL_MS / 1000, ...crashTerms()]);
  const swept: Swept[] = [];
  for (let i = 0; i < rest.length; i += SWEPT_FIELDS) swept.push(readSwept(queue, rest.slice(i, i + SWEPT_FIELDS)));
  return { swept, overdue: Number(overdue), dueCallbacks: Number(dueCallbacks) };
}

/** An id and what lose_execution() returns. */
const SWEPT_FIELDS = 11;

function readSwept(queue: string, reply: readonly unknown[]): Swept {
  const [id = '', fate = '', description = '', crashes, once, noted, error = '', worker = '', began, ended, attempt] =
    reply.map(String);
  return {
    ...{ id, queue, fate: fate as Swept['fate'], description, worker },
    ...{
      crashes: Number(crashes),
      isOnce: once === '1',
      wasNoted: noted === '1',
      error: error === '' ? null : decodeError(error),
      attempt: Number(attempt),
    },
    ...{ startedAt: parseEpoch(began), endedAt: parseEpoch(ended) },
  };
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

/**
 * The registered workers of one machine: those whose host has this name and whose process name begins with `machine`; `names`: of these only. Three
 * commands' worth of reading.
 */
export async function neighbours(db: Db, machine: string, host: string, names?: readonly string[]): Promise<Neighbour[]> {
  const start = keys.worker(db.prefix, '');
  const known = names?.map(name => start + name) ?? (await db.client.smembers(keys.workers(db.prefix)));
  const pipeline = known.reduce((commands, key) => commands.hmget(key, 'rqt_process', 'hostname'), db.client.pipeline());
  const found = (await pipeline.exec()) ?? [];
  return found.flatMap(([, fields], i) => {
    const [process, hostname] = Array.isArray(fields) ? fields : [];
    const isHere = typeof process === 'string' && process.startsWith(`${machine}:`) && hostname === host;
    return isHere ? [{ name: (known[i] ?? '').slice(start.length), process }] : [];
  });
}

/** Unregisters a worker whose process is gone; what it ran is put back at once. Returns that job, or null. */
export async function bury(db: Db, { name, process }: Neighbour): Promise<Swept | null> {
  const [, queue, ...swept] = await runScript(db, 'bury', [name, process, ...crashTerms()]);
  return queue === undefined ? null : readSwept(String(queue), swept);
}

/** What the scripts that lose an execution are to know: see read_crash() in losing.lua. */
export function crashTerms(): (string | number)[] {
  return [OUT_OF_CRASHES, DIED_AT_ONCE, DEFAULT_MAX_CRASHES, STOPPED_WITHOUT_WORKER];
}

const LOOK_FOR = 'Look for what kills the worker: memory, a signal, the machine.';
const OUT_OF_CRASHES = encodeError(
  `The worker died while it ran this job, more often than the job allows (--max-crashes): it is not tried again. ${LOOK_FOR}`,
);
const DIED_AT_ONCE = encodeError(
  `The worker died while it ran this job, which is started at most once (--at-most-once). ${LOOK_FOR}`,
);

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

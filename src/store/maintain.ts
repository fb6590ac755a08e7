import { encodeError } from './codec.ts';
import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** A job whose worker died, and what became of it. */
export interface Swept {
  readonly id: string;
  readonly fate: 'queued' | 'failed' | 'stopped';
}

/** How often a job may lose its worker before it is given up. */
export const DEFAULT_MAX_CRASHES = 3;

/** Puts back the jobs of a queue whose workers died, and clears what its registries hold beyond its time. Bounded: 100 of each kind. */
export async function sweep(db: Db, queue: string): Promise<Swept[]> {
  const [, ...rest] = await runScript(db, 'sweep', [queue, OUT_OF_CRASHES, DEFAULT_MAX_CRASHES, STOPPED_WITHOUT_WORKER]);
  const swept: Swept[] = [];
  for (let i = 0; i < rest.length; i += 2) swept.push({ id: String(rest[i]), fate: rest[i + 1] as Swept['fate'] });
  return swept;
}

const OUT_OF_CRASHES = encodeError(
  'The worker died while it ran this job, more often than the job allows (--max-crashes): it is not tried again. Look for what kills the worker: memory, a signal, the machine.',
);
const STOPPED_WITHOUT_WORKER = encodeError('Job stopped by user, work-horse terminated. (Its worker had died.)');

/** What was due. */
export interface Maintained {
  readonly promoted: number;
  readonly expired: number;
  /** More is due now: call again. */
  readonly more: boolean;
  /** Until the next scheduled job is due by Redis's clock, or null. */
  readonly nextDueInMs: number | null;
}

/** Enqueues scheduled jobs that are due, cancels jobs that waited longer than their ttl, releases children of ended parents. Bounded. */
export async function maintain(db: Db, queues: readonly string[]): Promise<Maintained> {
  const [, promoted, expired, more, nextDue] = await runScript(db, 'maintain', queues);
  return {
    promoted: Number(promoted),
    expired: Number(expired),
    more: more === 1,
    nextDueInMs: nextDue === '' ? null : Number(nextDue),
  };
}

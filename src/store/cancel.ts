import { encodeError } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/** What a cancel did. `stopping`: its worker was told; wait for it with {@link waitUntilEnded}. `ended`: it was over already. */
export type Canceled =
  | { readonly kind: 'canceled' | 'stopped'; readonly queue: string }
  | { readonly kind: 'stopping'; readonly queue: string; readonly worker: string; readonly execution: string }
  | { readonly kind: 'ended'; readonly state: string }
  | { readonly kind: 'missing' };

/** Cancels a waiting job, asks for the stop of a running one. */
export async function cancel(db: Db, id: string, reason = 'canceled by a user'): Promise<Canceled> {
  const [kind, ...rest] = (await runScript(db, 'cancel', [id, reason, STOPPED_WITHOUT_WORKER])).map(String);
  switch (kind) {
    case 'canceled':
    case 'stopped':
      return { kind, queue: rest[0] ?? '' };
    case 'stopping':
      return { kind, queue: rest[0] ?? '', worker: rest[1] ?? '', execution: rest[2] ?? '' };
    case 'ended':
      return { kind, state: rest[0] ?? '' };
    case 'missing':
      return { kind };
    default:
      throw new Error(`cancel answered ${kind}`);
  }
}

/** RQ's own words (rq/worker/worker_classes.py): its readers look for them. */
export const STOPPED_BY_USER = 'Job stopped by user, work-horse terminated.';
/** The same, encoded, for a job that is ended without its worker. */
export const STOPPED_WITHOUT_WORKER = encodeError(`${STOPPED_BY_USER} (Its worker had died.)`);

/** A job's state as Redis has it, or null when there is no such job. */
export async function stateOf(db: Db, id: string): Promise<string | null> {
  return db.client.hget(keys.job(db.prefix, id), 'status');
}

/**
 * Waits until a job is no longer running, woken by the entry that each attempt leaves in the job's results, and looks anyway
 * every `lookEveryMs`. Returns its state, or null when the job is gone. Never gives up: a worker that died lets go of its lease.
 */
export async function waitUntilEnded(db: Db, id: string, lookEveryMs = 1000): Promise<string | null> {
  const results = keys.results(db.prefix, id);
  for (;;) {
    const [newest] = await db.client.xrevrange(results, '+', '-', 'COUNT', 1);
    const state = await stateOf(db, id);
    if (state !== 'started') return state;
    await db.client.xread('COUNT', 1, 'BLOCK', lookEveryMs, 'STREAMS', results, newest?.[0] ?? '0-0');
    const again = await cancel(db, id);
    if (again.kind === 'stopped') return 'stopped';
  }
}

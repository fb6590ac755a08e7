import { encodeError } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { releaseAll } from './release.ts';
import { runScript } from './scripts.ts';

/** What a cancel did. `stopping`: its worker was told; wait for it with `waitUntilStopped`. `ended`: it was over already. */
export type Canceled =
  | { readonly kind: 'canceled' | 'stopped'; readonly queue: string }
  | { readonly kind: 'stopping'; readonly queue: string; readonly worker: string; readonly execution: string }
  | { readonly kind: 'ended'; readonly state: string }
  | { readonly kind: 'missing' };

/** Cancels a waiting job, asks for the stop of a running one. Children that wait for it are judged, to the last one. */
export async function cancel(db: Db, id: string, reason = 'canceled by a user'): Promise<Canceled> {
  const [kind, ...rest] = (await runScript(db, 'cancel', [id, reason, STOPPED_WITHOUT_WORKER])).map(String);
  switch (kind) {
    case 'canceled':
    case 'stopped':
      if (rest[1] === '1') await releaseAll(db);
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

/** The queue that a job belongs to, or null when there is no such job. */
export async function queueOf(db: Db, id: string): Promise<string | null> {
  return db.client.hget(keys.job(db.prefix, id), 'origin');
}

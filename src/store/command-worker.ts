import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/**
 * What became of a command. `told`: whether the worker listens now, and whether it would find the command in its next heartbeat if it does not
 * (workers of rqt do, RQ's do not); the job that is killed, or null. `idle`: it runs nothing that could be killed. `missing`: no such worker is alive.
 */
export type Told =
  | { readonly kind: 'told'; readonly listens: boolean; readonly remembers: boolean; readonly jobId: string | null }
  | { readonly kind: 'idle' | 'missing' };

/** Asks a worker to end after its running job (RQ's shutdown). */
export function shutdown(db: Db, worker: string): Promise<Told> {
  return tell(db, worker, 'shutdown');
}

/** Has a worker kill the executor of its running job (RQ's kill-horse): the job fails, and its retries apply. */
export function kill(db: Db, worker: string): Promise<Told> {
  return tell(db, worker, 'kill-horse');
}

async function tell(db: Db, worker: string, command: 'shutdown' | 'kill-horse'): Promise<Told> {
  const [kind, listeners, remembers, jobId] = await runScript(db, 'command', [worker, command]);
  switch (kind) {
    case 'told':
      return { kind, listens: Number(listeners) > 0, remembers: remembers === '1', jobId: jobId ? String(jobId) : null };
    case 'idle':
    case 'missing':
      return { kind };
    default:
      throw new Error(`command answered ${kind}`);
  }
}

/** The names of all workers that have not said that they ended, sorted. */
export async function workerNames(db: Db): Promise<string[]> {
  const start = keys.worker(db.prefix, '');
  const known = await db.client.smembers(keys.workers(db.prefix));
  const living = await Promise.all(known.map(async key => ((await db.client.hexists(key, 'birth')) === 1 ? [key] : [])));
  return living
    .flat()
    .map(key => key.slice(start.length))
    .sort();
}

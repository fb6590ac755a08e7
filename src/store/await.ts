import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/** A job that is awaited. `isLive`: all that it writes is handed on; otherwise only what is kept of it can be seen. */
export interface Awaited {
  readonly state: string;
  readonly isLive: boolean;
}

/** Notes with a job that somebody waits for it: they are to see all that it writes, and how it ends. null when there is no such job. */
export async function awaitJob(db: Db, id: string): Promise<Awaited | null> {
  const [kind, state, isLive] = await runScript(db, 'await', [id]);
  if (kind === 'missing') return null;
  return { state: String(state), isLive: kind === 'awaited' && isLive === 1 };
}

/** The queue of a job that is queued where no living worker listens; null for any other job. It only reads. */
export async function findUnservedQueue({ client, prefix }: Db, id: string): Promise<string | null> {
  const [state, queue] = await client.hmget(keys.job(prefix, id), 'status', 'origin');
  if (state !== 'queued' || !queue) return null;
  const workers = await client.smembers(keys.workersOf(prefix, queue));
  return workers.length > 0 && (await client.exists(...workers)) > 0 ? null : queue;
}

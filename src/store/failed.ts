import { decodeCall, parseStamp } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';

/** A job of a queue's failed registry, which has stopped ones, too. */
export interface FailedJob {
  readonly id: string;
  /** null when its payload cannot be read. */
  readonly task: string | null;
  readonly endedAt: number | null;
}

const PAGE = 500;

/** The failed and stopped jobs of a queue, in pages and in no order; jobs may leave the registry meanwhile. It only reads. */
export async function* failedJobs(db: Db, queue: string): AsyncGenerator<FailedJob[]> {
  const { client, prefix } = db;
  let cursor = '0';
  do {
    const [next, members] = await client.zscan(keys.registry(prefix, 'failed', queue), cursor, 'COUNT', PAGE);
    cursor = next;
    const ids = members.filter((_, i) => i % 2 === 0);
    const pipeline = client.pipeline();
    for (const id of ids) pipeline.hmgetBuffer(keys.job(prefix, id), 'data', 'ended_at');
    const replies = (await pipeline.exec()) ?? [];
    const jobs: FailedJob[] = [];
    for (const [i, id] of ids.entries()) {
      const [error, fields] = replies[i] ?? [null, null];
      if (error) throw error;
      const [data, endedAt] = fields as (Buffer | null)[];
      if (data) jobs.push({ id, task: (await decodeCall(data)).call?.task ?? null, endedAt: parseStamp(endedAt?.toString()) });
    }
    yield jobs;
  } while (cursor !== '0');
}

/** How many jobs a queue's failed registry has. */
export function countFailed(db: Db, queue: string): Promise<number> {
  return db.client.zcard(keys.registry(db.prefix, 'failed', queue));
}

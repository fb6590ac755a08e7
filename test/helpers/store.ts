import { after } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/model.ts';
import { closeDb, type Db, openDb } from '../../src/store/db.ts';
import type { EnqueueOptions } from '../../src/store/enqueue.ts';
import type { TestRedis } from './redis.ts';

/** What an enqueue without flags asks for. */
export const PLAIN: EnqueueOptions = { queue: 'default', limits: DEFAULT_LIMITS, atFront: false, idsMayExist: true };

let count = 0;

/** A namespace of one test's own, as the store sees it; closed when the test file ends. */
export async function openTestDb({ socket }: TestRedis): Promise<Db> {
  count += 1;
  const address = { kind: 'unix', path: socket, db: 0, username: null, password: null } as const;
  const db = await openDb({ address, prefix: `s${count}`, where: socket, connectTimeoutMs: 5000 });
  after(() => closeDb(db));
  return db;
}

/** A job that calls nothing in particular. */
export function someJob(id: string, ...args: unknown[]) {
  return { id, call: { task: 'm#f', args, kwargs: {} }, description: 'some job' };
}

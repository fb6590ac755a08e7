import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Db } from '../../src/store/db.ts';
import { type EmptyStep, empty } from '../../src/store/empty.ts';
import { enqueue } from '../../src/store/enqueue.ts';
import { startRedis } from '../helpers/redis.ts';
import { openTestDb, PLAIN, someJob } from '../helpers/store.ts';

const redis = await startRedis();

async function steps(db: Db, queue: string): Promise<EmptyStep[]> {
  const taken: EmptyStep[] = [];
  for await (const step of empty(db, queue)) taken.push(step);
  return taken;
}

test('a step takes 500 jobs at the most, and says how many are left', async () => {
  const db = await openTestDb(redis);
  await enqueue(
    db,
    Array.from({ length: 1200 }, (_, n) => someJob(`j${n}`)),
    PLAIN,
  );
  const taken = await steps(db, 'default');
  assert.deepEqual(taken, [
    { removed: 500, canceled: 0, left: 700 },
    { removed: 500, canceled: 0, left: 200 },
    { removed: 200, canceled: 0, left: 0 },
  ]);
  assert.deepEqual(await db.client.keys(`${db.prefix}:job:*`), []);
});

test('an empty queue takes no step', async () => {
  assert.deepEqual(await steps(await openTestDb(redis), 'default'), []);
});

test('jobs that arrive meanwhile stay', async () => {
  const db = await openTestDb(redis);
  await enqueue(
    db,
    Array.from({ length: 600 }, (_, n) => someJob(`j${n}`)),
    PLAIN,
  );
  const emptying = empty(db, 'default');
  await emptying.next();
  await enqueue(db, [someJob('late')], PLAIN);
  for await (const _ of emptying) {
  }
  assert.deepEqual(await db.client.lrange(`${db.prefix}:queue:default`, 0, -1), ['late']);
});

test('a job that is listed but runs is not removed', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a'), someJob('b')], PLAIN);
  await db.client.hset(`${db.prefix}:job:a`, 'status', 'started');
  assert.deepEqual(await steps(db, 'default'), [{ removed: 1, canceled: 0, left: 0 }]);
  assert.equal(await db.client.exists(`${db.prefix}:job:a`), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overview, queueNames } from '../../src/store/overview.ts';
import { startRedis } from '../helpers/redis.ts';
import { openTestDb } from '../helpers/store.ts';

const redis = await startRedis();

test('members of the sets that have not the prefix are ignored', async () => {
  const db = await openTestDb(redis);
  await db.client.sadd(`${db.prefix}:queues`, `${db.prefix}:queue:good`, 'stray', 'rq:queue:foreign');
  assert.deepEqual(await queueNames(db), ['good']);
  assert.deepEqual(
    (await overview(db)).queues.map(({ name }) => name),
    ['good'],
  );
});

test('a queue name with colons and dots stays whole', async () => {
  const db = await openTestDb(redis);
  await db.client.sadd(`${db.prefix}:queues`, `${db.prefix}:queue:a:b.c`);
  await db.client.rpush(`${db.prefix}:queue:a:b.c`, 'x', 'y');
  const [queue] = (await overview(db)).queues;
  assert.deepEqual([queue?.name, queue?.queued], ['a:b.c', 2]);
});

test('the oldest job is the first one on the list, and unknown when that has no hash', async () => {
  const db = await openTestDb(redis);
  await db.client.rpush(`${db.prefix}:queue:a`, 'ghost');
  await db.client.rpush(`${db.prefix}:queue:b`, 'j1', 'j2');
  await db.client.hset(`${db.prefix}:job:j1`, 'enqueued_at', '2026-01-02T03:04:05.000000Z');
  const { queues } = await overview(db, ['a', 'b']);
  assert.deepEqual(
    queues.map(({ oldestAt }) => oldestAt),
    [null, Date.UTC(2026, 0, 2, 3, 4, 5)],
  );
});

test('a queue that was asked for is there even when Redis does not know it', async () => {
  const db = await openTestDb(redis);
  const { queues } = await overview(db, ['never', 'never']);
  assert.deepEqual(
    queues.map(({ name, queued }) => [name, queued]),
    [['never', 0]],
  );
});

test("a worker of Python's is read, its pickled current job left out", async () => {
  const db = await openTestDb(redis);
  await db.client.sadd(`${db.prefix}:workers`, `${db.prefix}:worker:py`, `${db.prefix}:worker:py2`);
  const common = { birth: '2026-01-01T00:00:00.000000Z', last_heartbeat: '2026-01-01T00:01:00Z', hostname: 'h', pid: '42' };
  await db.client.hset(`${db.prefix}:worker:py`, { ...common, state: 'busy', queues: 'a,b', current_job: '\x80\x04job' });
  await db.client.hset(`${db.prefix}:worker:py2`, { ...common, state: 'busy', queues: 'b', current_job: 'job-1' });
  await db.client.hset(`${db.prefix}:job:job-1`, 'started_at', '2026-01-01T00:00:30.000000Z');
  const [one, two] = (await overview(db)).workers;
  assert.deepEqual([one?.queues, one?.currentJob, one?.pid], [['a', 'b'], null, 42]);
  assert.deepEqual(two?.currentJob, { id: 'job-1', startedAt: Date.UTC(2026, 0, 1, 0, 0, 30) });
  assert.equal(two?.lastHeartbeatAt, Date.UTC(2026, 0, 1, 0, 1, 0));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '../../src/store/cancel.ts';
import type { Db } from '../../src/store/db.ts';
import { enqueue } from '../../src/store/enqueue.ts';
import { waitUntilStopped } from '../../src/store/stop.ts';
import { startRedis } from '../helpers/redis.ts';
import { checkRqKeys } from '../helpers/rq-reader.ts';
import { openTestDb, PLAIN, someJob } from '../helpers/store.ts';

const redis = await startRedis();

/** A job that some worker runs, as RQ 2 notes it. */
async function startByHand(db: Db, id: string, leaseSeconds = 60): Promise<void> {
  const { client, prefix } = db;
  const now = Date.now() / 1000;
  await enqueue(db, [someJob(id)], PLAIN);
  await client.lrem(`${prefix}:queue:default`, 0, id);
  await client.hset(`${prefix}:job:${id}`, 'status', 'started', 'worker_name', 'w1');
  await client.zadd(`${prefix}:wip:default`, Math.floor(now) + leaseSeconds, `${id}:e1`);
  await client.zadd(`${prefix}:executions:${id}`, Math.floor(now) + leaseSeconds + 60, 'e1');
  await client.hset(`${prefix}:execution:${id}:e1`, {
    id: 'e1',
    job_id: id,
    created_at: now.toFixed(6),
    last_heartbeat: now.toFixed(6),
  });
}

for (const [state, place] of [
  ['deferred', 'deferred'],
  ['scheduled', 'scheduled'],
] as const) {
  test(`a ${state} job leaves its registry for that of the canceled`, async () => {
    const db = await openTestDb(redis);
    await enqueue(db, [someJob('a')], PLAIN);
    await db.client.lrem(`${db.prefix}:queue:default`, 0, 'a');
    await db.client.hset(`${db.prefix}:job:a`, 'status', state);
    await db.client.zadd(`${db.prefix}:${place}:default`, 9e9, 'a');
    assert.deepEqual(await cancel(db, 'a', 'because'), { kind: 'canceled', queue: 'default' });
    assert.equal(await db.client.zscore(`${db.prefix}:${place}:default`, 'a'), null);
    assert.ok(await db.client.zscore(`${db.prefix}:canceled:default`, 'a'));
    assert.equal(await db.client.hget(`${db.prefix}:job:a`, 'rqt_reason'), 'because');
    await checkRqKeys(db.client, db.prefix);
  });
}

test("a running job's worker is told by RQ's own message, and by a mark on the job", async () => {
  const db = await openTestDb(redis);
  await startByHand(db, 'a');
  const listener = redis.client.duplicate();
  try {
    const told = new Promise(resolve => listener.once('message', (channel, message) => resolve([channel, JSON.parse(message)])));
    await listener.subscribe(`${db.prefix}:pubsub:w1`);
    const canceled = await cancel(db, 'a');
    assert.deepEqual(canceled, { kind: 'stopping', queue: 'default', worker: 'w1', execution: 'e1' });
    assert.deepEqual(await told, [`${db.prefix}:pubsub:w1`, { command: 'stop-job', job_id: 'a' }]);
  } finally {
    listener.disconnect();
  }
  const [status, stop] = await db.client.hmget(`${db.prefix}:job:a`, 'status', 'rqt_stop');
  assert.deepEqual([status, stop], ['started', '1']);
});

test('a job whose lease is over becomes stopped, with what stood for its execution removed', async () => {
  const db = await openTestDb(redis);
  await startByHand(db, 'a', -10);
  assert.deepEqual(await cancel(db, 'a'), { kind: 'stopped', queue: 'default' });
  const { client, prefix } = db;
  assert.equal(await client.exists(`${prefix}:wip:default`, `${prefix}:executions:a`, `${prefix}:execution:a:e1`), 0);
  assert.equal(await client.xlen(`${prefix}:results:a`), 1);
  await checkRqKeys(client, prefix);
});

test('a wait for the end is woken by the result that an attempt leaves', async () => {
  const db = await openTestDb(redis);
  const { prefix } = db;
  const waiting = waitUntilStopped(db, 'a', await startStopping(db, 'a'), { lookEveryMs: 60_000 });
  const settled = redis.client.multi().hset(`${prefix}:job:a`, 'status', 'finished').zrem(`${prefix}:wip:default`, 'a:e1');
  await settled.xadd(`${prefix}:results:a`, '*', 'type', '1').exec();
  assert.equal(await waiting, 'finished');
});

test('a wait for the end of a job that is deleted meanwhile ends, too', async () => {
  const db = await openTestDb(redis);
  const waiting = waitUntilStopped(db, 'a', await startStopping(db, 'a'), { lookEveryMs: 50 });
  await redis.client.multi().del(`${db.prefix}:job:a`).zrem(`${db.prefix}:wip:default`, 'a:e1').exec();
  assert.equal(await waiting, null);
});

async function startStopping(db: Db, id: string) {
  await startByHand(db, id);
  const canceled = await cancel(db, id);
  assert.ok(canceled.kind === 'stopping');
  return canceled;
}

test('a job that RQ 1.13 runs, which notes no executions, is not taken for abandoned', async () => {
  const db = await openTestDb(redis);
  const { client, prefix } = db;
  await enqueue(db, [someJob('a')], PLAIN);
  await client.lrem(`${prefix}:queue:default`, 0, 'a');
  await client.hset(`${prefix}:job:a`, 'status', 'started', 'worker_name', 'py');
  await client.zadd(`${prefix}:wip:default`, Math.floor(Date.now() / 1000) + 60, 'a');
  assert.equal((await cancel(db, 'a')).kind, 'stopping');
  assert.equal(await client.hget(`${prefix}:job:a`, 'status'), 'started');
});

test('a job that has ended, and one that is none, are told apart', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a')], PLAIN);
  await db.client.hset(`${db.prefix}:job:a`, 'status', 'failed');
  assert.deepEqual(await cancel(db, 'a'), { kind: 'ended', state: 'failed' });
  assert.deepEqual(await cancel(db, 'b'), { kind: 'missing' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enqueue } from '../../src/store/enqueue.ts';
import { startRedis } from '../helpers/redis.ts';
import { checkRqKeys, readRqJob } from '../helpers/rq-reader.ts';
import { openTestDb, PLAIN, someJob } from '../helpers/store.ts';

const redis = await startRedis();

test('jobs arrive in one step, in their order, behind those that wait', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a'), someJob('b')], PLAIN);
  const { count, unfinished } = await enqueue(db, [someJob('c'), someJob('d')], PLAIN);
  assert.deepEqual([count, unfinished], [2, []]);
  assert.deepEqual(await db.client.lrange(`${db.prefix}:queue:default`, 0, -1), ['a', 'b', 'c', 'd']);
  await checkRqKeys(db.client, db.prefix);
});

test('each unfinished job in the way is reported with its state, the others are enqueued', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a'), someJob('b')], PLAIN);
  await db.client.hset(`${db.prefix}:job:b`, 'status', 'started');
  const { count, unfinished } = await enqueue(db, [someJob('a'), someJob('new'), someJob('b')], PLAIN);
  assert.equal(count, 1);
  assert.deepEqual(unfinished, [
    { id: 'a', state: 'queued' },
    { id: 'b', state: 'started' },
  ]);
});

test('of two jobs with one id in a step the first is enqueued', async () => {
  const db = await openTestDb(redis);
  const { count, unfinished } = await enqueue(db, [someJob('a', 1), someJob('a', 2)], PLAIN);
  assert.deepEqual([count, unfinished], [1, [{ id: 'a', state: 'queued' }]]);
  assert.deepEqual((await readRqJob(db.client, db.prefix, 'a')).call[2], [1]);
});

test('a state that only later versions of RQ know counts as unfinished', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a')], PLAIN);
  await db.client.hset(`${db.prefix}:job:a`, 'status', 'rate_limited');
  assert.deepEqual((await enqueue(db, [someJob('a')], PLAIN)).unfinished, [{ id: 'a', state: 'rate_limited' }]);
});

test("times are of Redis's clock, with six digits of a second", async () => {
  const db = await openTestDb(redis);
  const [before] = await db.client.time();
  await enqueue(db, [someJob('a')], PLAIN);
  const [after] = await db.client.time();
  const { fields } = await readRqJob(db.client, db.prefix, 'a');
  assert.match(fields.created_at ?? '', /\.\d{6}Z$/);
  const seconds = Math.floor(Date.parse(fields.created_at ?? '') / 1000);
  assert.ok(Number(before) <= seconds && seconds <= Number(after));
});

test('a ttl is noted, so that the wait ends, and the job is not lost silently by an expiry', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a')], { ...PLAIN, limits: { ...PLAIN.limits, ttlMs: 90_000 } });
  const { fields } = await readRqJob(db.client, db.prefix, 'a');
  assert.equal(fields.ttl, '90');
  const left = Number(fields.rqt_expires) - Date.now();
  assert.ok(left > 60_000 && left < 120_000, `${left}`);
  assert.equal(await db.client.ttl(`${db.prefix}:job:a`), -1);
  assert.deepEqual(await db.client.zrange(`${db.prefix}:rqt:expiring`, '0', '-1'), ['a']);
});

test('a step of 250 jobs leaves every key well formed', async () => {
  const db = await openTestDb(redis);
  const jobs = Array.from({ length: 250 }, (_, n) => someJob(`job-${n}`, 'x'.repeat(n * 3)));
  assert.equal((await enqueue(db, jobs, PLAIN)).count, 250);
  await checkRqKeys(db.client, db.prefix);
});

test('a child that is sent again, since the answer to it was lost, is enqueued once; a later one of its id is left as it is', async () => {
  const db = await openTestDb(redis);
  const { client, prefix } = db;
  await client.zadd(`${prefix}:wip:default`, Date.now() / 1000 + 60, 'parent:e1');
  await client.hset(`${prefix}:execution:parent:e1`, 'id', 'e1');
  const by = (request: number) => ({
    ...PLAIN,
    idsMayExist: false,
    by: { id: 'parent', execution: 'e1', queue: 'default', request },
  });
  const queue = () => client.lrange(`${prefix}:queue:default`, 0, -1);
  for (let time = 0; time < 2; time += 1) assert.equal((await enqueue(db, [someJob('child')], by(1))).count, 1);
  assert.deepEqual(await queue(), ['child']);
  // It may have run meanwhile, and left nothing.
  await client.del(`${prefix}:job:child`, `${prefix}:queue:default`);
  await enqueue(db, [someJob('child')], by(1));
  assert.deepEqual(await queue(), []);
  const again = { ...by(2), idsMayExist: true };
  for (let time = 0; time < 2; time += 1) assert.deepEqual((await enqueue(db, [someJob('child')], again)).unfinished, []);
  assert.deepEqual(await queue(), ['child']);
  const later = await enqueue(db, [someJob('child')], { ...again, by: { ...again.by, request: 3 } });
  assert.deepEqual([later.count, later.unfinished], [0, []]);
  assert.deepEqual(await queue(), ['child']);
  // Without the hash of the execution there is nothing to note it in, and nothing is left over.
  await client.del(`${prefix}:execution:parent:e1`);
  await enqueue(db, [someJob('other')], by(4));
  assert.equal(await client.exists(`${prefix}:execution:parent:e1`), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

const TASKS = newFolder({
  't.mjs': "export const nothing = () => {};\nexport const fail = () => { throw new Error('no'); };",
});

const burst = (space: Space) => space.run(['worker', '--burst', '--path', TASKS, '--quiet']);

/** A queued job that has waited for longer than its ttl: the time is put back, not waited for. */
async function enqueueExpired(space: Space, ...args: string[]): Promise<string> {
  const id = await space.enqueue('t#nothing', '--ttl', '1h', ...args);
  await client.hset(space.key(`job:${id}`), 'rqt_expires', 1000);
  await client.zadd(space.key('rqt:expiring'), 1, id);
  return id;
}

const statusOf = async (space: Space, id: string) => JSON.parse((await space.run(['status', '--json', id])).stdout);

test('a job that waited longer than its --ttl is canceled with a reason, and counted by info', async () => {
  const space = newSpace(redis);
  const id = await enqueueExpired(space);
  assert.equal((await burst(space)).status, 0);
  const { state, cancel_reason, attempt_count } = await statusOf(space, id);
  assert.deepEqual([state, cancel_reason, attempt_count], ['canceled', 'it waited longer than its ttl', 0]);
  const info = JSON.parse((await space.run(['info', '--json'])).stdout);
  assert.deepEqual([info.totals.canceled, info.totals.queued, info.queues[0].canceled], [1, 0, 1]);
});

test('it is so also on a queue that nobody works on, as long as any worker runs', async () => {
  const space = newSpace(redis);
  const id = await enqueueExpired(space, '--queue', 'lonely');
  assert.equal((await burst(space)).status, 0);
  assert.equal((await statusOf(space, id)).state, 'canceled');
  assert.equal(await client.llen(space.key('queue:lonely')), 0);
});

test('what depended on it is canceled, too, and says so', async () => {
  const space = newSpace(redis);
  const parent = await enqueueExpired(space);
  const child = await space.enqueue('t#nothing', '--depends-on', parent);
  await burst(space);
  const { state, cancel_reason } = await statusOf(space, child);
  assert.deepEqual([state, cancel_reason], ['canceled', `its parent ${parent} was canceled`]);
});

test('that of a job whose parent has finished is not looked at before it is over: whoever looks too early forgets it', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing');
  const child = await space.enqueue('t#nothing', '--depends-on', parent, '--ttl', '1h', '--queue', 'lonely');
  await burst(space);
  assert.equal(await space.field(child, 'status'), 'queued');
  const lookedAt = Number(await client.zscore(space.key('rqt:expiring'), child)) * 1000;
  assert.ok(lookedAt >= Number(await space.field(child, 'rqt_expires')), `${lookedAt}`);
});

test('a ttl of a second is over after a second', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#nothing', '--ttl', '1s', '--queue', 'lonely');
  const worker = space.start(['worker', '--path', TASKS, 'other']);
  await until('it is canceled', async () => (await space.field(id, 'status')) === 'canceled');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

test('the ttl counts while a job waits on its queue, not while it is scheduled or deferred', async () => {
  const space = newSpace(redis);
  const scheduled = await space.enqueue('t#nothing', '--ttl', '1h', '--schedule-in', '2h');
  const deferred = await space.enqueue('t#nothing', '--ttl', '1h', '--depends-on', scheduled);
  for (const id of [scheduled, deferred]) assert.equal(await client.zscore(space.key('rqt:expiring'), id), null);
});

test('gap 11: a job that is enqueued again by its id has the ttl of its new call only, and no expiry of its past', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#nothing', '--job-id', 'again', '--ttl', '1h', '--result-ttl', '100');
  await burst(space);
  assert.ok((await client.ttl(space.key('job:again'))) > 0);
  await space.enqueue('t#nothing', '--job-id', 'again');
  assert.equal(await client.ttl(space.key('job:again')), -1);
  const [expires, ttl] = await client.hmget(space.key('job:again'), 'rqt_expires', 'ttl');
  assert.deepEqual([expires, ttl], [null, null]);
  assert.equal(await client.zscore(space.key('rqt:expiring'), 'again'), null);
  assert.equal(await client.zscore(space.key('finished:default'), 'again'), null);
});

test('gap 11: a failed job that is requeued waits for as long as it takes', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#fail', '--ttl', '1h', '--failure-ttl', '100');
  await burst(space);
  assert.ok((await client.ttl(space.key(`job:${id}`))) > 0);
  assert.equal((await space.run(['requeue', id])).status, 0);
  assert.equal(await client.ttl(space.key(`job:${id}`)), -1);
  assert.equal(await space.field(id, 'rqt_expires'), null);
  assert.equal(await client.zscore(space.key('rqt:expiring'), id), null);
});

test('a canceled job that is requeued runs', async () => {
  const space = newSpace(redis);
  const id = await enqueueExpired(space);
  await burst(space);
  assert.equal((await space.run(['requeue', id])).status, 0);
  await burst(space);
  assert.equal((await statusOf(space, id)).state, 'finished');
});

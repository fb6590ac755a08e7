import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;

test("resume deletes RQ's key", async () => {
  const space = newSpace(redis);
  await space.run(['suspend']);
  const ran = await space.run(['resume']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'all workers are resumed\n', '']);
  assert.deepEqual(await space.keys(), []);
});

test('what is not suspended is told, with 0', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello');
  const [all, queue] = [await space.run(['resume']), await space.run(['resume', 'default'])];
  assert.deepEqual([all.status, all.stdout], [0, 'workers were not suspended\n']);
  assert.deepEqual([queue.status, queue.stdout], [0, 'queue default was not suspended\n']);
});

test('resuming all workers leaves queues that are suspended by name, and says so', async () => {
  const space = newSpace(redis);
  for (const name of ['a', 'b', 'c']) await space.enqueue('hello#hello', '-q', name);
  await space.run(['suspend', 'b', 'a']);
  await space.run(['suspend']);
  const ran = await space.run(['resume']);
  assert.deepEqual(
    [ran.status, ran.stdout, ran.stderr],
    [0, 'all workers are resumed\n', 'rqt: queues a, b are suspended still: rqt resume a b\n'],
  );
});

test('resuming a queue while all workers are suspended says so', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello');
  await space.run(['suspend', 'default']);
  await space.run(['suspend']);
  const ran = await space.run(['resume', 'default', '--json']);
  assert.deepEqual(JSON.parse(ran.stdout), { version: 1, kind: 'resumed', queue: 'default', changed: true });
  assert.equal(ran.stderr, 'rqt: all workers are suspended still: rqt resume\n');
});

test('a queue that does not exist is 66, and nothing is resumed', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello');
  await space.run(['suspend', 'default']);
  const ran = await space.run(['resume', 'default', 'defualt']);
  assert.equal(ran.status, 66);
  assert.match(ran.stderr, /there is no queue 'defualt'; did you mean default\?/);
  assert.equal(await client.exists(space.key('rqt:suspended:default')), 1);
});

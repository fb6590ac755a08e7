import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';

const redis = await startRedis();
const TASKS = newFolder({ 't.mjs': 'export const nothing = () => {};' });

/** Puts jobs on queues, `a: 2` two on a; runs a burst; returns the queues in the order in which their jobs ran. */
async function orderOf(space: Space, jobs: Readonly<Record<string, number>>, ...args: string[]): Promise<string> {
  for (const [queue, count] of Object.entries(jobs)) {
    const lines = Array.from({ length: count }, (_, i) => String(i)).join('\n');
    await space.run(['enqueue', 't#nothing', '--lines', '-', '--queue', queue, '--quiet'], { input: lines });
  }
  const { stderr, status } = await space.run(['worker', '--burst', '--path', TASKS, ...args, ...Object.keys(jobs)]);
  assert.equal(status, 0, stderr);
  return [...stderr.matchAll(/ (\S+): Job OK/g)].map(([, queue]) => queue).join('');
}

for (const args of [[], ['--dequeue-strategy', 'default']]) {
  test(`${args.join(' ') || 'no strategy'} empties the queues in the order given`, async () => {
    assert.equal(await orderOf(newSpace(redis), { b: 2, a: 3, c: 1 }, ...args), 'bbaaac');
  });
}

test('round_robin takes a job of each queue in turn, from the first on', async () => {
  assert.equal(await orderOf(newSpace(redis), { a: 3, b: 3, c: 3 }, '--dequeue-strategy', 'round_robin'), 'abcabcabc');
});

test('round_robin passes over empty queues without serving another one twice', async () => {
  assert.equal(await orderOf(newSpace(redis), { a: 3, b: 0, c: 3 }, '--dequeue-strategy', 'round_robin'), 'acacac');
});

test('random serves the queues in no order, and every job', async () => {
  const order = await orderOf(newSpace(redis), { a: 30, b: 30 }, '--dequeue-strategy', 'random');
  assert.equal(order.length, 60);
  // One of 10^17 orders each.
  assert.notEqual(order, 'a'.repeat(30) + 'b'.repeat(30));
  assert.notEqual(order, 'ab'.repeat(30));
  assert.equal(order.replaceAll('b', ''), 'a'.repeat(30));
});

test('another strategy is refused with 64 and those that there are', async () => {
  const { status, stderr } = await newSpace(redis).run(['worker', '--burst', '--dequeue-strategy', 'best']);
  assert.equal(status, 64);
  assert.match(stderr, /'best'.*say default, random or round_robin\n$/);
});

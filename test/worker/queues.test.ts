import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { redis, put, burst } = stage;
beforeEach(() => redis.client.flushall());

test('queues are worked on in the order in which they are named, whatever the order of their jobs', async () => {
  const low = await put('quick#nothing', { queue: 'low' });
  const high = await put('quick#nothing', { queue: 'high' });
  const middle = await put('quick#nothing', { queue: 'middle' });
  const ran = await burst('high', 'middle', 'low');
  assert.deepEqual(startedIds(ran), [high, middle, low]);
});

test('a job that comes to a better queue meanwhile goes first', async () => {
  const gate = stage.gate();
  const first = await put('slow#gate', { queue: 'low', args: [gate.file] });
  const second = await put('quick#nothing', { queue: 'low' });
  const worker = await stage.start('--burst', 'high', 'low');
  await stage.untilState(first, 'started');
  const urgent = await put('quick#nothing', { queue: 'high' });
  gate.open();
  assert.deepEqual(startedIds(await worker.ended), [first, urgent, second]);
});

test('the jobs of one queue run from its front to its back', async () => {
  const ids = [await put('quick#nothing'), await put('quick#nothing'), await put('quick#nothing', { atFront: true })];
  assert.deepEqual(startedIds(await burst()), [ids[2], ids[0], ids[1]]);
});

test('jobs of queues that were not named stay where they are', async () => {
  const id = await put('quick#nothing', { queue: 'other' });
  await burst('default');
  assert.deepEqual(await stage.places(id), ['queue:other']);
});

test('an id without a job is skipped', async () => {
  await redis.client.rpush('rq:queue:default', 'ghost');
  const id = await put('quick#nothing');
  const ran = await burst();
  assert.equal(ran.status, 0);
  assert.deepEqual(startedIds(ran), [id]);
  assert.equal(await redis.client.exists('rq:job:ghost'), 0);
});

test('gap 7: a canceled job whose id is still listed does not run', async () => {
  const id = await put('quick#nothing', { fields: { status: 'canceled' } });
  const ran = await burst();
  assert.deepEqual([ran.status, startedIds(ran)], [0, []]);
  assert.equal((await stage.job(id)).status, 'canceled');
});

test('thousands of ids that lead nowhere do not keep the job behind them from running', async () => {
  await redis.client.rpush('rq:queue:default', ...Array.from({ length: 3500 }, (_, i) => `ghost-${i}`));
  const id = await put('quick#nothing');
  assert.deepEqual(startedIds(await burst()), [id]);
});

test('gap 1: two workers on two queues run each of 500 jobs exactly once', async () => {
  const file = stage.path('notes');
  for (let i = 0; i < 500; i++) await put('quick#note', { id: `n-${i}`, queue: i % 2 ? 'odd' : 'even', args: [file, `n-${i}`] });
  const ran = await Promise.all([burst('odd', 'even', '-q'), burst('even', 'odd', '-q')]);
  assert.deepEqual(
    ran.map(({ status }) => status),
    [0, 0],
  );
  const notes = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(notes.length, 500);
  assert.equal(new Set(notes).size, 500);
  assert.equal(await redis.client.zcard('rq:finished:odd'), 250);
  assert.equal(await redis.client.zcard('rq:wip:odd'), 0);
});

function startedIds(ran: { stderr: string }): string[] {
  return told(ran, /#\w+\(\) \(/).map(line => /\(([\w-]+)\)$/.exec(line)?.[1] ?? line);
}

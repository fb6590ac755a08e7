import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
const { client } = redis;
const TASKS = newFolder({ 't.mjs': 'export const nothing = () => {};' });
const DEADLINE_MS = 60_000;

const start = (space: Space, ...args: string[]) => space.start(['worker', '--path', TASKS, '--grace', '0', ...args]);
const add = async (space: Space, ...args: string[]) => {
  const ran = await space.run(['cron', 'add', ...args]);
  assert.equal(ran.status, 0, ran.stderr);
};

/** The slots of an entry whose jobs there are, in their order. */
async function firedSlots(space: Space, name: string): Promise<number[]> {
  const ids = await client.keys(space.key(`job:cron-${name}-*Z`));
  const notes = await Promise.all(ids.map(id => client.hget(id, 'rqt_cron')));
  return notes.map(note => Number(note?.split(' ')[1])).sort((a, b) => a - b);
}

/** Puts the next slot of an entry somewhere else, as if time had passed while no worker was there. */
async function setNext(space: Space, name: string, slot: number): Promise<void> {
  await client
    .multi()
    .hset(space.key(`rqt:cron:${name}`), 'next', slot)
    .zadd(space.key('rqt:cron'), slot, name)
    .exec();
}

const nextOf = async (space: Space, name: string) => Number(await client.hget(space.key(`rqt:cron:${name}`), 'next'));

/** All seconds from the first to the last. */
function secondsBetween(first: number, last: number): number[] {
  return Array.from({ length: (last - first) / 1000 + 1 }, (_, i) => first + i * 1000);
}

async function assertEachSecondOnce(space: Space, name: string, atLeast: number): Promise<void> {
  const slots = await firedSlots(space, name);
  assert.ok(slots.length >= atLeast, `${slots.length} slots`);
  assert.deepEqual(slots, secondsBetween(slots[0] ?? 0, slots.at(-1) ?? 0));
  // Nothing was enqueued twice: each job was started once, or not yet.
  const ids = await client.keys(space.key(`job:cron-${name}-*Z`));
  const attempts = await Promise.all(ids.map(id => client.hget(id, 'rqt_attempts')));
  assert.deepEqual(
    attempts.filter(count => Number(count ?? 0) > 1),
    [],
  );
}

test('twenty workers fire each slot once', async () => {
  const space = newSpace(redis);
  const workers = [start(space, '-j', '10'), start(space, '-j', '10')];
  await add(space, 'tick', '* * * * * *', 't#nothing', '--catch-up', 'all');
  await until('five slots are fired', async () => (await firedSlots(space, 'tick')).length >= 5, DEADLINE_MS);
  await Promise.all(workers.map(endWorker));
  await assertEachSecondOnce(space, 'tick', 5);
  const counted = workers.map(({ printed }) =>
    [...printed.stderr.matchAll(/cron tick \((cron-tick-\w+)\)/g)].map(match => match[1]),
  );
  const told = counted.flat();
  assert.equal(new Set(told).size, told.length);
  assert.equal(told.length, (await firedSlots(space, 'tick')).length);
});

test('workers that are killed and a Redis that starts anew lose no slot and double none', async () => {
  const space = newSpace(redis);
  // Others may run them: here it counts what is enqueued.
  await add(space, 'tick', '* * * * * *', 't#nothing', '--catch-up', 'all', '-q', 'other');
  const workers: Running[] = [];
  for (let round = 1; round <= 3; round += 1) {
    workers.push(start(space), start(space));
    await until(`${2 * round} slots are fired`, async () => (await firedSlots(space, 'tick')).length >= 2 * round, DEADLINE_MS);
    workers.shift()?.child.kill('SIGKILL');
    if (round === 2) {
      await redis.kill('SIGKILL');
      await redis.start();
    }
  }
  await until('nine slots are fired', async () => (await firedSlots(space, 'tick')).length >= 9, DEADLINE_MS);
  await Promise.all(workers.map(endWorker));
  await assertEachSecondOnce(space, 'tick', 9);
});

test('a worker that waits hears of a new entry, and of one that is resumed', async () => {
  const space = newSpace(redis);
  const worker = start(space);
  await until('it listens', async () => /cmd=blmove/.test(String(await client.client('LIST'))));
  await add(space, 'tick', '* * * * * *', 't#nothing');
  await until('a job is finished', async () => (await client.zcard(space.key('finished:default'))) > 0, DEADLINE_MS);
  assert.equal((await space.run(['cron', 'pause', 'tick'])).status, 0);
  const before = await firedSlots(space, 'tick');
  assert.equal((await space.run(['cron', 'resume', 'tick'])).status, 0);
  await until('it goes on', async () => (await firedSlots(space, 'tick')).length > before.length, DEADLINE_MS);
  assert.equal(await endWorker(worker), 0);
});

/** What a burst makes of hours in which no worker was there: `first` and `last` are the slots that were missed. */
const HOUR_MS = 3_600_000;
const MISSED: readonly (readonly [catchUp: string, slots: (first: number, last: number) => number[]])[] = [
  ['all', (first, last) => Array.from({ length: (last - first) / HOUR_MS + 1 }, (_, i) => first + i * HOUR_MS)],
  ['last', (_, last) => [last]],
  ['none', () => []],
];
for (const [catchUp, slots] of MISSED) {
  test(`--catch-up ${catchUp}: of what was missed a worker that comes at last fires ${catchUp}`, async () => {
    const space = newSpace(redis);
    // Half an hour from now, and half an hour ago: none is on time while this test runs.
    const half = new Date(Date.now() + HOUR_MS / 2);
    half.setUTCSeconds(0, 0);
    const last = half.getTime() - HOUR_MS;
    const first = last - 599 * HOUR_MS;
    await add(space, 'h', `${half.getUTCMinutes()} * * * *`, 't#nothing', '--catch-up', catchUp, '--tz', 'UTC', '-q', 'other');
    await setNext(space, 'h', first);
    const ran = await space.run(['worker', '--burst', '--path', TASKS]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(await nextOf(space, 'h'), half.getTime());
    assert.deepEqual(await firedSlots(space, 'h'), slots(first, last));
    assert.match(ran.stderr, /cron h: \d+ slots were missed, \d+ of them fired late/);
    const check = await space.run(['cron', 'check']);
    assert.equal(check.status, 1);
    assert.match(check.stdout, /^h: \d+ slots were missed, the last of them .*UTC; /);
    assert.deepEqual((await space.run(['cron', 'check', '--since', '1m'])).status, 0);
  });
}

test('--no-scheduler leaves slots alone; any other worker fires them, whatever its queues', async () => {
  const space = newSpace(redis);
  await add(space, 'y', '@yearly', 't#nothing', '-q', 'other');
  const past = Date.now() - 1000;
  await setNext(space, 'y', past);
  assert.equal((await space.run(['worker', '--burst', '--no-scheduler'])).status, 0);
  assert.equal(await nextOf(space, 'y'), past);
  assert.equal((await space.run(['worker', '--burst', 'third'])).status, 0);
  assert.ok((await nextOf(space, 'y')) > past);
});

test('a burst runs the job of a slot that was due when it began', async () => {
  const space = newSpace(redis);
  await add(space, 'y', '@yearly', 't#nothing', '--tz', 'UTC');
  await setNext(space, 'y', Date.UTC(new Date().getUTCFullYear(), 0, 1));
  const ran = await space.run(['worker', '--burst', '--path', TASKS]);
  assert.equal(ran.status, 0, ran.stderr);
  const id = `cron-y-${new Date().getUTCFullYear()}0101T000000Z`;
  assert.match(ran.stderr, new RegExp(`Job OK \\(${id}\\)`));
  assert.equal((await space.run(['status', id])).status, 0);
});

test('an entry that cannot be read keeps no other from being fired', async () => {
  const space = newSpace(redis);
  await add(space, 'broken', '@yearly', 't#nothing');
  await add(space, 'y', '@yearly', 't#nothing');
  await client.hset(space.key('rqt:cron:broken'), 'expression', 'nonsense');
  await setNext(space, 'broken', 1);
  await setNext(space, 'y', 2);
  const ran = await space.run(['worker', '--burst', '--path', TASKS]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /cron broken: its slot cannot be fired: .*nonsense/);
  assert.equal((await firedSlots(space, 'y')).length, 1);
  assert.equal(await nextOf(space, 'broken'), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker, startBusy } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const path = newFolder({ 'ends.mjs': `export const well = () => 1;\nexport const badly = () => { throw new Error('no'); };` });

const burst = (space: Space) => space.run(['worker', '--burst', '--quiet', '--path', path]);

/** Waits until a `rqt wait` sleeps on the streams of its jobs. */
async function untilAsleep(): Promise<void> {
  await until('rqt wait is blocked', async () => /cmd=xread/.test(String(await redis.client.call('CLIENT', 'LIST'))));
}

async function startWait(space: Space, ...args: string[]): Promise<Running> {
  const running = space.start(['wait', ...args]);
  await untilAsleep();
  return running;
}

test('wait tells each job as it ends, and is 0 when all have finished', async () => {
  const space = newSpace(redis);
  const ids = [await space.enqueue('ends#well'), await space.enqueue('ends#well')];
  const waiting = await startWait(space, ...ids);
  await burst(space);
  const ran = await waiting.ended;
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.deepEqual(linesOf(ran.stdout).sort(), ids.map(id => `${id} finished`).sort());
});

test('wait is 1 when a job fails, and waits for the others all the same', async () => {
  const space = newSpace(redis);
  const [bad, good] = [await space.enqueue('ends#badly'), await space.enqueue('ends#well')];
  const waiting = await startWait(space, bad, good);
  await burst(space);
  const ran = await waiting.ended;
  assert.equal(ran.status, 1);
  assert.deepEqual(linesOf(ran.stdout).sort(), [`${bad} failed`, `${good} finished`].sort());
});

test('jobs that have ended already are told at once, canceled ones count as not finished', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#well');
  await space.run(['cancel', id]);
  const ran = await space.run(['wait', '--json', id]);
  assert.equal(ran.status, 1);
  assert.deepEqual(JSON.parse(ran.stdout), { version: 1, kind: 'waited_job', id, state: 'canceled', ended: true, ok: false });
});

test('--timeout over is 75, and says which jobs have not ended', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#well');
  const ran = await space.run(['wait', '--timeout', '0.2s', id]);
  assert.deepEqual([ran.status, ran.stdout], [75, '']);
  assert.equal(ran.stderr, `rqt: the time is over; not ended yet: ${id} (queued)\n`);
});

test('--timeout 0 only looks', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#well');
  assert.equal((await space.run(['wait', '--timeout', '0', id])).status, 75);
  await burst(space);
  assert.equal((await space.run(['wait', '--timeout', '0', id])).status, 0);
});

test('a job that is to be retried has not ended', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#badly', '--retry-max', '1', '--retry-interval', '1h');
  await burst(space);
  const ran = await space.run(['wait', '--timeout', '0.1s', id]);
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /\(scheduled\)/);
});

test('a job that vanishes as it finishes counts as finished', async () => {
  const space = newSpace(redis);
  const busy = await startBusy(space, 'w1', ['--result-ttl', '0']);
  const waiting = await startWait(space, busy.id);
  busy.open();
  const ran = await waiting.ended;
  assert.deepEqual([ran.status, ran.stdout], [0, `${busy.id} finished\n`]);
  await endWorker(busy.worker);
});

test('a job that vanishes as it fails does not', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#badly', '--failure-ttl', '0');
  const waiting = await startWait(space, id);
  await burst(space);
  const ran = await waiting.ended;
  assert.deepEqual([ran.status, ran.stdout], [1, `${id} gone\n`]);
});

test('one that somebody deletes, or whose queue is emptied, is 66: nobody knows that it finished', async () => {
  const space = newSpace(redis);
  const told = (id: string) => `rqt: job ${id} is gone: it was deleted, or its time was over; how it ended is not known\n`;
  const deleted = await space.enqueue('ends#well');
  const waiting = await startWait(space, deleted);
  await space.run(['delete', deleted]);
  const ran = await waiting.ended;
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [66, `${deleted} gone\n`, told(deleted)]);

  const id = await space.enqueue('ends#well', '--group', 'g');
  const others = await startWait(space, '--json', '--group', 'g');
  await space.run(['empty', 'default']);
  const end = await others.ended;
  assert.deepEqual([end.status, end.stderr], [66, told(id)]);
  assert.deepEqual(JSON.parse(end.stdout), { version: 1, kind: 'waited_job', id, state: 'gone', ended: true, ok: null });
});

test('--group waits for all jobs of a group', async () => {
  const space = newSpace(redis);
  const ids = [await space.enqueue('ends#well', '--group', 'g'), await space.enqueue('ends#badly', '--group', 'g')];
  await space.enqueue('ends#well', '-q', 'other');
  await burst(space);
  const ran = await space.run(['wait', '--group', 'g']);
  assert.equal(ran.status, 1);
  assert.equal(linesOf(ran.stdout).length, ids.length);
});

test('--quiet prints nothing', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#well');
  await burst(space);
  assert.deepEqual(await space.run(['wait', '--quiet', id]), { status: 0, signal: null, stdout: '', stderr: '' });
});

test('Ctrl-C ends it with 130', async () => {
  const space = newSpace(redis);
  const waiting = await startWait(space, await space.enqueue('ends#well'));
  waiting.child.kill('SIGINT');
  assert.equal((await waiting.ended).status, 130);
});

test('more jobs than one call watches are waited for', async () => {
  const space = newSpace(redis);
  const input = Array.from({ length: 250 }, (_, i) => `${i}\n`).join('');
  const { stdout } = await space.run(['enqueue', 'ends#well', '--lines', '-'], { input });
  const waiting = await startWait(space, ...linesOf(stdout));
  await burst(space);
  const ran = await waiting.ended;
  assert.equal(ran.status, 0);
  assert.deepEqual(
    linesOf(ran.stdout).sort(),
    linesOf(stdout)
      .map(id => `${id} finished`)
      .sort(),
  );
});

test('it does not poll: while nothing happens it looks once a second, and sleeps in between', async () => {
  const space = newSpace(redis);
  const waiting = await startWait(space, await space.enqueue('ends#well'));
  const calls = async (command: string) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.client.info('commandstats'))?.[1]);
  const [looks, sleeps] = [await calls('hmget'), await calls('xread')];
  await until('it has looked twice', async () => (await calls('hmget')) >= looks + 2);
  assert.ok((await calls('xread')) - sleeps <= 3);
  waiting.child.kill('SIGINT');
  await waiting.ended;
});

test('an unknown id is 66 before anything is waited for; an unknown group, too', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('ends#well');
  const ran = await space.run(['wait', id, 'nope']);
  assert.equal(ran.status, 66);
  assert.match(ran.stderr, /there is no job nope; it may/);
  const several = await space.run(['wait', 'gone', id, 'nope']);
  assert.deepEqual(
    [several.status, several.stderr],
    [66, 'rqt: there are no jobs gone, nope; they may have been kept for a limited time only\n'],
  );
  assert.equal((await space.run(['wait', '--group', 'nope'])).status, 66);
});

test('an id that is given twice is told once', async () => {
  const space = newSpace(redis);
  const unknown = await space.run(['wait', 'nope', 'nope']);
  assert.equal(unknown.stderr, 'rqt: there is no job nope; it may have been kept for a limited time only\n');
  const id = await space.enqueue('hello#hello', 'you');
  await space.run(['worker', '--burst']);
  assert.equal((await space.run(['wait', id, id])).stdout, `${id} finished\n`);
});

test('nothing to wait for, and a timeout that is none, are 64', async () => {
  const space = newSpace(redis);
  assert.equal((await space.run(['wait'])).status, 64);
  assert.equal((await space.run(['wait', 'a', '--timeout', 'soon'])).status, 64);
});

test('it outlives a restart of Redis', async () => {
  const space = newSpace(redis);
  const waiting = await startWait(space, await space.enqueue('ends#well'));
  await redis.client.save();
  await redis.kill();
  await redis.start();
  const again = await space.enqueue('ends#well');
  await untilAsleep();
  assert.equal(waiting.child.exitCode, null);
  assert.ok(again);
  await burst(space);
  assert.equal((await waiting.ended).status, 0);
});

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();

const TASKS = newFolder({
  't.mjs': `import { existsSync, writeFileSync } from 'node:fs';
export const nothing = () => {};
export const fail = () => { throw new Error('no'); };
export const failOnce = () => { if (process.env.RQT_ATTEMPT === '1') throw new Error('not yet'); };
export const untilOpen = async folder => {
  writeFileSync(folder + '/begun', '');
  while (!existsSync(folder + '/open')) await new Promise(resolve => setTimeout(resolve, 10));
};`,
});

const settle = (space: Space, ...args: string[]) => space.run(['worker', '--burst', '--settle', '--path', TASKS, ...args]);
const start = (space: Space, ...args: string[]) => space.start(['worker', '--path', TASKS, '--grace', '0', ...args]);

/** Longer than any test takes: what does not end at once is 75. */
const LONG = ['--for', '1m'];

test('without --settle a burst leaves retries that are due later', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#failOnce', '--retry-max', '1', '--retry-interval', '1');
  assert.equal((await space.run(['worker', '--burst', '--path', TASKS])).status, 1);
  assert.equal(await space.field(id, 'status'), 'scheduled');
});

test('a retry that is due within the time is waited for; that it was one is no failure', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#failOnce', '--retry-max', '1', '--retry-interval', '1');
  const { status, stderr } = await settle(space);
  assert.equal(status, 0, stderr);
  assert.equal(await space.field(id, 'status'), 'finished');
});

test('a job that is scheduled within the time is waited for, and its dependents', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing', '--schedule-in', '1s');
  const child = await space.enqueue('t#nothing', '--depends-on', parent);
  const { status, stderr } = await settle(space, '--for', '20s');
  assert.equal(status, 0, stderr);
  assert.deepEqual([await space.field(parent, 'status'), await space.field(child, 'status')], ['finished', 'finished']);
});

test('a dependent of a job that another worker runs is waited for', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const parent = await space.enqueue('t#untilOpen', folder, '--queue', 'elsewhere');
  const child = await space.enqueue('t#nothing', '--depends-on', parent);
  const other = start(space, 'elsewhere');
  await until('the parent runs', () => existsSync(join(folder, 'begun')));
  const burst = start(space, '--burst', '--settle');
  await until(
    'it has found nothing and waits',
    async () => /cmd=blmove/.test(String(await redis.client.client('LIST'))) && /cleaning/.test(burst.printed.stderr),
  );
  assert.equal(burst.child.exitCode, null);
  writeFileSync(join(folder, 'open'), '');
  const { status, stderr } = await burst.ended;
  assert.equal(status, 0, stderr);
  assert.equal(await space.field(child, 'status'), 'finished');
  other.child.kill('SIGTERM');
  await other.ended;
});

test('when the time is over before all has come, the burst ends with 75', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing', '--queue', 'elsewhere');
  const child = await space.enqueue('t#nothing', '--depends-on', parent);
  const { status, stderr } = await settle(space, '--for', '0.5s');
  assert.equal(status, 75, stderr);
  assert.equal(await space.field(child, 'status'), 'deferred');
});

test('nothing to come ends it at once, whatever the time', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#nothing');
  assert.equal((await settle(space, ...LONG)).status, 0);
});

test('a retry that is due later than the time is not waited for: 75', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#failOnce', '--retry-max', '1', '--retry-interval', '3600');
  const { status, stderr } = await settle(space, ...LONG);
  assert.equal(status, 75, stderr);
  assert.match(stderr, /jobs are still to come after its time \(--for\)/);
});

test('a failure is 1, as without --settle', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#fail');
  assert.equal((await settle(space, ...LONG)).status, 1);
});

test('a job that is scheduled beyond the time is not waited for, nor is its dependent', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing', '--schedule-in', '1h');
  await space.enqueue('t#nothing', '--depends-on', parent);
  const { status, stderr } = await settle(space, ...LONG);
  assert.equal(status, 0, stderr);
  assert.equal(await space.field(parent, 'status'), 'scheduled');
});

test('a dependent whose parent has ended badly and left it waiting is not waited for', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#fail');
  const child = await space.enqueue('t#nothing', '--depends-on', parent, '--on-parent-failure', 'wait');
  assert.equal((await settle(space, ...LONG)).status, 1);
  assert.equal(await space.field(child, 'status'), 'deferred');
});

test('a deferred job whose parent is gone is not waited for', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing', '--queue', 'elsewhere');
  const child = await space.enqueue('t#nothing', '--depends-on', parent, '--queue', 'later');
  await redis.client.del(space.key(`job:${parent}`));
  assert.equal((await settle(space, ...LONG, 'later')).status, 0);
  assert.notEqual(await space.field(child, 'status'), null);
});

test('Ctrl-C ends it while it waits', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#nothing', '--schedule-in', '30s');
  const burst = start(space, '--burst', '--settle', ...LONG);
  await until('it waits', async () => /cmd=blmove/.test(String(await redis.client.client('LIST'))));
  burst.child.kill('SIGINT');
  assert.equal((await burst.ended).status, 130);
});

test('slots settle together', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#nothing', '--schedule-in', '1s');
  const { status, stderr } = await settle(space, '-j', '3', '--for', '20s');
  assert.equal(status, 0, stderr);
  assert.equal(await space.field(id, 'status'), 'finished');
});

for (const [args, message] of [
  [['--settle'], /--burst/],
  [['--burst', '--for', '10m'], /--settle/],
  [['--burst', '--settle', '--for', 'long'], /'long' is not a duration/],
  [['--burst', '--settle', '--for', '-1'], /'-1' is negative/],
] as const) {
  test(`${args.join(' ')} is refused with 64`, async () => {
    const { status, stderr } = await newSpace(redis).run(['worker', ...args]);
    assert.equal(status, 64);
    assert.match(stderr, message);
  });
}

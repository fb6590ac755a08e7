import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

const TASKS = newFolder({
  't.mjs': `import { existsSync } from 'node:fs';
export const nothing = () => {};
export const fail = () => { throw new Error('no'); };
export const untilOpen = async file => { while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 10)); };`,
});

const start = (space: Space, ...args: string[]) => space.start(['worker', '--path', TASKS, '--grace', '0', ...args]);
const burst = (space: Space, ...args: string[]) => space.run(['worker', '--burst', '--path', TASKS, ...args]);
const untilStatus = (space: Space, id: string, wanted: string) =>
  until(`job ${id} is ${wanted}`, async () => (await space.field(id, 'status')) === wanted);

async function end(worker: Running): Promise<void> {
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).status, 0);
}

/** A job whose time has come. */
async function enqueueDue(space: Space): Promise<string> {
  const id = await space.enqueue('t#nothing', '--schedule-in', '1h');
  await client.zadd(space.key('scheduled:default'), 1, id);
  return id;
}

test('--no-scheduler leaves due jobs alone; a worker with the scheduler enqueues them meanwhile', async () => {
  const space = newSpace(redis);
  const id = await enqueueDue(space);
  assert.equal((await burst(space, '--no-scheduler')).status, 0);
  assert.equal(await space.field(id, 'status'), 'scheduled');
  const without = start(space, '--no-scheduler', '--name', 'without');
  await until('it waits', async () => /cmd=blmove/.test(String(await client.client('LIST'))));
  const other = start(space, '--name', 'with');
  await untilStatus(space, id, 'finished');
  await Promise.all([end(without), end(other)]);
});

test('due jobs are enqueued without any flag, and with --with-scheduler', async () => {
  for (const args of [[], ['--with-scheduler']]) {
    const space = newSpace(redis);
    const id = await enqueueDue(space);
    assert.equal((await burst(space, ...args)).status, 0);
    assert.equal(await space.field(id, 'status'), 'finished');
  }
});

test('many dependents are released also by a worker without the scheduler', async () => {
  const space = newSpace(redis);
  const parent = await space.enqueue('t#nothing');
  const lines = Array.from({ length: 1000 }, (_, i) => String(i)).join('\n');
  await space.run(['enqueue', 't#nothing', '--lines', '-', '--depends-on', parent, '--quiet'], { input: lines });
  const { stderr } = await burst(space, '--no-scheduler', '--quiet');
  assert.equal(await client.zcard(space.key('deferred:default')), 0, stderr);
  assert.equal(await client.zcard(space.key('finished:default')), 1001);
});

test('--worker-ttl says how long Redis remembers a silent worker, a minute more as in RQ', async () => {
  const space = newSpace(redis);
  const worker = start(space, '--name', 'w', '--worker-ttl', '100');
  const ttl = await until('it is registered', async () => {
    const seconds = await client.ttl(space.key('worker:w'));
    return seconds > 0 && seconds;
  });
  assert.ok(ttl > 140 && ttl <= 160, `${ttl} s`);
  await end(worker);
});

test('--job-monitoring-interval says how long a silent job is believed alive: twice as long', async () => {
  const space = newSpace(redis);
  const gate = `${newFolder()}/gate`;
  const id = await space.enqueue('t#untilOpen', gate);
  const worker = start(space, '--job-monitoring-interval', '100');
  await untilStatus(space, id, 'started');
  const [, lease] = await client.zrange(space.key('wip:default'), '0', '0', 'WITHSCORES');
  const seconds = Number(lease) - Date.now() / 1000;
  assert.ok(seconds > 180 && seconds <= 201, `${seconds} s`);
  worker.child.kill('SIGKILL');
  await worker.ended;
});

test('a job outlives many short leases: they are renewed', async () => {
  const space = newSpace(redis);
  const gate = newFolder();
  const id = await space.enqueue('t#untilOpen', `${gate}/open`);
  const worker = start(space, '--job-monitoring-interval', '1', '--maintenance-interval', '1');
  await untilStatus(space, id, 'started');
  const wip = async () => Number((await client.zrange(space.key('wip:default'), '0', '0', 'WITHSCORES'))[1]);
  const first = await wip();
  await until('the lease was renewed twice as long', async () => (await wip()) >= first + 4);
  assert.equal(await space.field(id, 'rqt_attempts'), '1');
  worker.child.kill('SIGKILL');
  await worker.ended;
});

test('--maintenance-interval says how often jobs of dead workers are looked for', async () => {
  const space = newSpace(redis);
  const worker = start(space, '--maintenance-interval', '1');
  await until('it waits', async () => /cmd=blmove/.test(String(await client.client('LIST'))));
  // What a worker of another machine left: a started job with a lease that lapsed long ago. No push wakes anybody.
  const id = await space.enqueue('t#nothing', '--schedule-in', '1h');
  await client
    .multi()
    .zrem(space.key('scheduled:default'), id)
    .hset(space.key(`job:${id}`), 'status', 'started', 'worker_name', 'gone')
    .zadd(space.key('wip:default'), 1, `${id}:e1`)
    .exec();
  // Default: 30 s, and an idle worker looks by itself after 5 minutes only.
  await until('the job has run', async () => (await space.field(id, 'status')) === 'finished');
  await end(worker);
});

for (const [args, message] of [
  [['--with-scheduler', '--no-scheduler'], /exclude each other/],
  [['--maintenance-interval', '0'], /is zero/],
  [['--maintenance-interval', 'often'], /not a duration/],
  [['--maintenance-interval', '-1'], /is negative/],
  [['--worker-ttl', 'x'], /not a duration/],
  [['--worker-ttl', '0'], /is zero/],
  [['--job-monitoring-interval', '0.5'], /whole number of seconds/],
  [['--job-monitoring-interval', '-5'], /is negative/],
] as const) {
  test(`${args.join(' ')} is refused with 64`, async () => {
    const { status, stderr } = await burst(newSpace(redis), ...args);
    assert.equal(status, 64, stderr);
    assert.match(stderr, message);
  });
}

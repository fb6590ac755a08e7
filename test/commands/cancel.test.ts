import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { checkRqKeys } from '../helpers/rq-reader.ts';
import type { Running } from '../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

const TASKS = {
  'mark.mjs': `
    import { writeFileSync } from 'node:fs';
    export const mark = path => writeFileSync(path, 'it ran');
    export const long = path => { writeFileSync(path, String(process.pid)); return new Promise(resolve => setTimeout(resolve, 600_000)); };
    export const deaf = path => { process.on('SIGTERM', () => {}); writeFileSync(path, String(process.pid)); for (;;); };
    export const parent = async path => {
      const { spawn } = await import('node:child_process');
      const child = spawn('sleep', ['600']);
      writeFileSync(path, String(child.pid));
      return new Promise(() => {});
    };
  `,
};

/** A worker that runs `mark#<fn>`, once it runs it; the job's id and the process id that the task wrote. */
async function startLong(
  space: Space,
  fn = 'long',
  ...flags: string[]
): Promise<{ id: string; pid: number; worker: Running; folder: string }> {
  const folder = newFolder(TASKS);
  const file = join(folder, 'pid');
  const id = await space.enqueue(`mark#${fn}`, file);
  const worker = space.start(['worker', '--burst', '--path', folder, '--grace', '0.3s', ...flags]);
  await until('the task runs', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
  return { id, pid: Number(readFileSync(file, 'utf8')), worker, folder };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Makes a queued job one that waits otherwise, as Python's RQ writes it. */
async function makeWait(space: Space, id: string, state: 'deferred' | 'scheduled'): Promise<void> {
  await client.lrem(space.key('queue:default'), 0, id);
  await client.hset(space.key(`job:${id}`), 'status', state);
  await client.zadd(space.key(`${state}:default`), Math.floor(Date.now() / 1000), id);
}

for (const state of ['queued', 'deferred', 'scheduled'] as const) {
  test(`a ${state} job becomes canceled and never runs`, async () => {
    const space = newSpace(redis);
    const folder = newFolder(TASKS);
    const mark = join(folder, 'mark');
    const id = await space.enqueue('mark#mark', mark);
    if (state !== 'queued') await makeWait(space, id, state);
    const ran = await space.run(['cancel', id]);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} canceled\n`, '']);
    assert.equal((await space.run(['worker', '--burst', '--path', folder])).status, 0);
    assert.equal(existsSync(mark), false);
    assert.equal(await space.field(id, 'status'), 'canceled');
    assert.deepEqual(await client.zrange(space.key('canceled:default'), '0', '-1'), [id]);
    assert.equal(
      await client.exists(space.key('queue:default'), space.key('deferred:default'), space.key('scheduled:default')),
      0,
    );
    await checkRqKeys(client, space.namespace);
  });
}

test('a canceled job is forgotten after its failure ttl', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f', '--failure-ttl', '1h');
  await space.run(['cancel', id]);
  const ttl = await client.ttl(space.key(`job:${id}`));
  assert.ok(ttl > 3500 && ttl <= 3600, `${ttl}`);
});

test('canceling one of many leaves the others where they are', async () => {
  const space = newSpace(redis);
  const ids = linesOf((await space.run(['enqueue', 'm#f', '--lines', '-'], { input: 'a\nb\nc\n' })).stdout);
  await space.run(['cancel', ids[1] ?? '']);
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), [ids[0], ids[2]]);
});

test('a running job is stopped: its process is gone, and only then the command ends', async () => {
  const space = newSpace(redis);
  const { id, pid, worker } = await startLong(space);
  const ran = await space.run(['cancel', id]);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} stopped\n`, '']);
  assert.equal(await space.field(id, 'status'), 'stopped');
  assert.deepEqual(await client.zrange(space.key('failed:default'), '0', '-1'), [id]);
  await until('the process of the task is gone', () => !isAlive(pid));
  assert.equal((await worker.ended).status, 1);
  await checkRqKeys(client, space.namespace);
});

test('a task that ignores its signals is killed after the grace', async () => {
  const space = newSpace(redis);
  const { id, pid, worker } = await startLong(space, 'deaf');
  assert.equal((await space.run(['cancel', id])).status, 0);
  assert.equal(await space.field(id, 'status'), 'stopped');
  await until('the process of the task is gone', () => !isAlive(pid));
  await worker.ended;
});

test('the whole process group of a running job dies', async () => {
  const space = newSpace(redis);
  const { id, pid, worker } = await startLong(space, 'parent');
  assert.equal((await space.run(['cancel', id])).status, 0);
  await until('the child of the task is gone', () => !isAlive(pid));
  await worker.ended;
});

test('a stopped job spends no retry and runs no second time', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startLong(space);
  await client.hset(space.key(`job:${id}`), 'retries_left', '3');
  await space.run(['cancel', id]);
  await worker.ended;
  assert.deepEqual([await space.field(id, 'status'), await space.field(id, 'retries_left')], ['stopped', '3']);
  assert.equal(await client.exists(space.key('queue:default')), 0);
});

test('the worker of a stopped job goes on with the next one', async () => {
  const space = newSpace(redis);
  const { id, worker, folder } = await startLong(space);
  const mark = join(folder, 'next');
  await space.enqueue('mark#mark', mark);
  await space.run(['cancel', id]);
  await worker.ended;
  assert.equal(existsSync(mark), true);
});

test('--no-wait ends at once, and the job is stopped all the same', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startLong(space);
  const ran = await space.run(['cancel', '--no-wait', id]);
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, new RegExp(`^${id} is being stopped by worker \\S+\\n$`));
  await worker.ended;
  assert.equal(await space.field(id, 'status'), 'stopped');
});

test('two running jobs are stopped side by side', async () => {
  const space = newSpace(redis);
  const [one, two] = [await startLong(space), await startLong(space)];
  const ran = await space.run(['cancel', one.id, two.id]);
  assert.deepEqual([ran.status, ran.stdout], [0, `${one.id} stopped\n${two.id} stopped\n`]);
  await Promise.all([one.worker.ended, two.worker.ended]);
});

test('a job whose worker died and whose lease is over is stopped at once', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f');
  await client.lpop(space.key('queue:default'));
  await client.hset(space.key(`job:${id}`), 'status', 'started', 'worker_name', 'dead.1');
  await client.zadd(space.key('wip:default'), 1, `${id}:exec`);
  await client.zadd(space.key(`executions:${id}`), 1, 'exec');
  const ran = await space.run(['cancel', id]);
  assert.deepEqual([ran.status, ran.stdout], [0, `${id} stopped (its worker had died)\n`]);
  assert.equal(await space.field(id, 'status'), 'stopped');
  assert.equal(await client.exists(space.key('wip:default'), space.key(`executions:${id}`)), 0);
});

test('a job whose worker was killed on this machine is stopped at once, also without waiting', async () => {
  const space = newSpace(redis);
  for (const flags of [[], ['--no-wait']]) {
    const { id, worker } = await startLong(space);
    worker.child.kill('SIGKILL');
    await worker.ended;
    const ran = await space.run(['cancel', id, ...flags]);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} stopped (its worker had died)\n`, '']);
    assert.equal(await space.field(id, 'status'), 'stopped');
    assert.deepEqual(await client.smembers(space.key('workers')), [], 'the dead worker is unregistered');
  }
});

test('a job of a dead worker elsewhere is waited for', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startLong(space, 'long', '--name', 'far');
  worker.child.kill('SIGKILL');
  await worker.ended;
  await client.hset(space.key('worker:far'), 'hostname', 'elsewhere');
  const running = space.start(['cancel', id]);
  await until('it is told', () => running.printed.stderr.includes('waiting for worker far'));
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).status, 143);
  assert.equal(await space.field(id, 'status'), 'started');
});

test('a finished job stays as it is, and the command says so with 0', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('hello#hello', 'yangyi');
  await space.run(['worker', '--burst']);
  const before = await client.dumpBuffer(space.key(`job:${id}`));
  const ran = await space.run(['cancel', id]);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} was finished already; it stays as it is\n`, '']);
  assert.deepEqual(await client.dumpBuffer(space.key(`job:${id}`)), before);
});

test('a job is canceled once, however often one asks', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f');
  const ran = await space.run(['cancel', id, id]);
  assert.deepEqual([ran.status, linesOf(ran.stdout)], [0, [`${id} canceled`, `${id} was canceled already; it stays as it is`]]);
});

test('an unknown id is 66 and one line', async () => {
  const ran = await newSpace(redis).run(['cancel', 'nobody']);
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  assert.match(ran.stderr, /^rqt: there is no job nobody; it may [^\n]*\n$/);
});

test('of several ids each is tried, and the status is the worst', async () => {
  const space = newSpace(redis);
  const [first, last] = [await space.enqueue('m#f'), await space.enqueue('m#f')];
  const ran = await space.run(['cancel', first, 'nobody', last]);
  assert.equal(ran.status, 66);
  assert.deepEqual(linesOf(ran.stdout), [`${first} canceled`, `${last} canceled`]);
  assert.match(ran.stderr, /^rqt: there is no job nobody; it may [^\n]*\n$/);
});

test('--json prints one document per id', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f');
  const ran = await space.run(['cancel', '--json', id, id, 'nobody']);
  assert.deepEqual(
    linesOf(ran.stdout).map(line => JSON.parse(line)),
    [
      { version: 1, kind: 'canceled', id, state: 'canceled', changed: true },
      { version: 1, kind: 'canceled', id, state: 'canceled', changed: false },
      { version: 1, kind: 'canceled', id: 'nobody', state: null, changed: false },
    ],
  );
});

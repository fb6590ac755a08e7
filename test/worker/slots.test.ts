import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();

const TASKS = newFolder({
  't.mjs': `import { existsSync, readdirSync, writeFileSync } from 'node:fs';
const tick = () => new Promise(resolve => setTimeout(resolve, 10));
const begin = folder => writeFileSync(folder + '/begun-' + process.env.RQT_JOB_ID, '');
const begun = folder => readdirSync(folder).filter(name => name.startsWith('begun-')).length;
/** Ends when so many have begun: only if they run at the same time. */
export const meet = async (folder, count) => {
  begin(folder);
  while (begun(folder) < Number(count)) await tick();
  return process.pid;
};
export const untilOpen = async folder => {
  begin(folder);
  while (!existsSync(folder + '/open')) await tick();
};
/** Lines in pieces, each piece a write of its own. */
export const stutter = async (folder, count) => {
  await meet(folder, count);
  for (let i = 0; i < 50; i++) for (const part of ['[', process.env.RQT_JOB_ID, ' ' + i, ']\\n']) { process.stdout.write(part); await null; if (i % 10 === 0) await tick(); }
};
export const nothing = () => {};
export const fail = () => { throw new Error('no'); };
`,
});

const burst = (space: Space, ...args: string[]) => space.run(['worker', '--burst', '--path', TASKS, '--grace', '0', ...args]);
const start = (space: Space, ...args: string[]) => space.start(['worker', '--path', TASKS, '--grace', '0', ...args]);

/** The values of a job's result. */
async function resultOf(space: Space, id: string): Promise<unknown> {
  return JSON.parse((await space.run(['status', '--json', id])).stdout).result;
}

async function enqueueAll(space: Space, count: number, ...call: string[]): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => space.enqueue(...call, '--job-id', `j${i + 1}`)));
}

const untilBegun = (folder: string, ids: readonly string[]) =>
  until('all jobs have begun', () => ids.every(id => existsSync(join(folder, `begun-${id}`))));

const statesOf = (space: Space, ids: readonly string[]) => Promise.all(ids.map(id => space.field(id, 'status')));

test('-j 3 runs three jobs at a time, each in an executor of its own', async () => {
  const space = newSpace(redis);
  const ids = await enqueueAll(space, 3, 't#meet', newFolder(), '3');
  const { status, stderr } = await burst(space, '-j', '3');
  assert.equal(status, 0, stderr);
  const pids = await Promise.all(ids.map(id => resultOf(space, id)));
  assert.equal(new Set(pids).size, 3);
});

for (const args of [
  ['worker', '--num-workers', '3'],
  ['worker-pool', '-n', '3'],
  ['worker-pool', '--num-workers', '3'],
]) {
  test(`${args.join(' ')} does so, too`, async () => {
    const space = newSpace(redis);
    await enqueueAll(space, 3, 't#meet', newFolder(), '3');
    const { status, stderr } = await space.run([...args, '--burst', '--path', TASKS]);
    assert.equal(status, 0, stderr);
  });
}

test('each slot is a registered worker of its own with its number behind the name, all in one process with one pid file', async () => {
  const space = newSpace(redis);
  const pidFile = join(newFolder(), 'pid');
  const worker = start(space, '-j', '3', '--name', 'ci', '--pid', pidFile);
  await until(
    'all are idle',
    async () => (await workersOf(space)).every(({ state }) => state === 'idle') && (await workersOf(space)).length === 3,
  );
  const workers = await workersOf(space);
  assert.deepEqual(workers.map(({ name }) => name).sort(), ['ci.1', 'ci.2', 'ci.3']);
  assert.deepEqual(new Set(workers.map(({ pid }) => pid)), new Set([worker.child.pid]));
  assert.equal(Number(readFileSync(pidFile, 'utf8')), worker.child.pid);
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).status, 0);
  assert.deepEqual(await workersOf(space), []);
  assert.equal(existsSync(pidFile), false);
});

test('slots without a --name have host, pid and number', async () => {
  const space = newSpace(redis);
  const { stderr, status } = await burst(space, '-j', '2');
  assert.equal(status, 0);
  const names = [...stderr.matchAll(/Worker (\S+): started/g)].map(([, name = '']) => name.replace(/^.*\.(\d+\.\d+)$/, '$1'));
  assert.deepEqual(
    names.map(name => name.replace(/^\d+/, 'pid')),
    ['pid.1', 'pid.2'],
  );
});

test('a slot whose name is taken is 75, and none of the others has started', async () => {
  const space = newSpace(redis);
  const other = start(space, '--name', 'ci.2');
  await until('it is registered', async () => (await workersOf(space)).length === 1);
  await space.enqueue('t#nothing', '--job-id', 'j', '--queue', 'later');
  const { status, stderr } = await burst(space, '-j', '3', '--name', 'ci', 'later');
  assert.equal(status, 75);
  assert.match(stderr, /ci\.2 is alive/);
  assert.equal(await space.field('j', 'status'), 'queued');
  assert.deepEqual(
    (await workersOf(space)).map(({ name }) => name),
    ['ci.2'],
  );
  other.child.kill('SIGTERM');
  await other.ended;
});

test('lines of jobs that run at the same time are never mixed, and marked with their jobs', async () => {
  const space = newSpace(redis);
  const ids = await enqueueAll(space, 4, 't#stutter', newFolder(), '4');
  const { stdout } = await burst(space, '-j', '4');
  const lines = linesOf(stdout).map(line => line.replace(/^\S+ /, ''));
  assert.equal(lines.length, 200);
  for (const id of ids) {
    assert.deepEqual(
      lines.filter(line => line.startsWith(`${id} |`)),
      Array.from({ length: 50 }, (_, i) => `${id} | [${id} ${i}]`),
    );
  }
});

test('the first signal lets all slots finish their jobs', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const ids = await enqueueAll(space, 2, 't#untilOpen', folder);
  const worker = start(space, '-j', '2');
  await untilBegun(folder, ids);
  const rest = await space.enqueue('t#nothing');
  worker.child.kill('SIGTERM');
  await until('both have heard', () => worker.printed.stderr.match(/warm shut down requested/g)?.length === 2);
  writeFileSync(join(folder, 'open'), '');
  assert.equal((await worker.ended).status, 0);
  assert.deepEqual(await statesOf(space, [...ids, rest]), ['finished', 'finished', 'queued']);
});

test('the second signal stops all slots at once, and every job is put back', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const ids = await enqueueAll(space, 3, 't#untilOpen', folder);
  const worker = start(space, '-j', '3');
  await untilBegun(folder, ids);
  await signalTwice(worker);
  await worker.ended;
  assert.deepEqual(await statesOf(space, ids), ['queued', 'queued', 'queued']);
  assert.deepEqual((await redis.client.lrange(space.key('queue:default'), 0, -1)).sort(), ids);
  assert.deepEqual(await workersOf(space), []);
});

test('a burst of slots that a signal ended says so by its exit status', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const ids = await enqueueAll(space, 2, 't#untilOpen', folder);
  const worker = start(space, '--burst', '-j', '2');
  await untilBegun(folder, ids);
  worker.child.kill('SIGINT');
  await until('both have heard', () => worker.printed.stderr.match(/warm shut down requested/g)?.length === 2);
  writeFileSync(join(folder, 'open'), '');
  assert.equal((await worker.ended).status, 130);
});

test('a burst ends when all are done, with 1 when a job of any slot failed', async () => {
  const space = newSpace(redis);
  await enqueueAll(space, 5, 't#nothing');
  await space.enqueue('t#fail');
  const { status, stderr } = await burst(space, '-j', '3');
  assert.equal(status, 1);
  assert.equal(stderr.match(/quitting \(5 jobs done, 1 failed\)/g)?.length, 3);
});

test('a slot of a burst that finds nothing stays while a job of another one may still release some', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const parent = await space.enqueue('t#untilOpen', folder, '--job-id', 'parent');
  const meeting = newFolder();
  const children = await Promise.all(
    ['a', 'b'].map(id => space.enqueue('t#meet', meeting, '2', '--job-id', id, '--depends-on', parent)),
  );
  const worker = start(space, '--burst', '-j', '2');
  await untilBegun(folder, [parent]);
  await until('the other one waits', async () => /cmd=blmove/.test(String(await redis.client.client('LIST'))));
  writeFileSync(join(folder, 'open'), '');
  // The children wait for each other: it takes both slots to end them.
  assert.equal((await worker.ended).status, 0);
  assert.deepEqual(await statesOf(space, children), ['finished', 'finished']);
});

test('--max-jobs counts the jobs of all slots, and never one more', async () => {
  const space = newSpace(redis);
  const ids = await enqueueAll(space, 6, 't#nothing');
  const { status, stderr } = await space.run(['worker', '--path', TASKS, '-j', '4', '--max-jobs', '3']);
  assert.equal(status, 0, stderr);
  const states = await statesOf(space, ids);
  assert.deepEqual(
    [states.filter(state => state === 'finished').length, states.filter(state => state === 'queued').length],
    [3, 3],
  );
});

test('--max-idle-time counts while no slot has a job', async () => {
  const space = newSpace(redis);
  const folder = newFolder();
  const [first = ''] = await enqueueAll(space, 1, 't#untilOpen', folder);
  const worker = start(space, '-j', '2', '--max-idle-time', '0.5s');
  await untilBegun(folder, [first]);
  const since = Date.now();
  await until('longer than that is over', () => Date.now() - since > 1000);
  assert.equal((await workersOf(space)).length, 2);
  writeFileSync(join(folder, 'open'), '');
  assert.equal((await worker.ended).status, 0);
});

test('rqt shutdown ends one slot; the others go on', async () => {
  const space = newSpace(redis);
  const worker = start(space, '-j', '2', '--name', 'ci');
  await until('both are idle', async () => (await workersOf(space)).filter(({ state }) => state === 'idle').length === 2);
  assert.equal((await space.run(['shutdown', 'ci.1'])).status, 0);
  await until('one is gone', async () => (await workersOf(space)).length === 1);
  const id = await space.enqueue('t#nothing');
  await until('the other one has run a job', async () => (await space.field(id, 'status')) === 'finished');
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).status, 0);
});

for (const args of [
  ['-j', '0'],
  ['-j', 'many'],
  ['-j', '257'],
  ['-j', '2', '--num-workers', '2'],
]) {
  test(`${args.join(' ')} is refused with 64`, async () => {
    const { status, stderr } = await burst(newSpace(redis), ...args);
    assert.equal(status, 64, stderr);
  });
}

interface Worker {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
}

async function workersOf(space: Space): Promise<Worker[]> {
  const keys = await redis.client.smembers(space.key('workers'));
  const found = await Promise.all(
    keys.map(async key => ({ name: key.slice(space.key('worker:').length), ...(await redis.client.hgetall(key)) })),
  );
  return (found as unknown as Worker[]).map(worker => ({ ...worker, pid: Number(worker.pid) }));
}

/** A second signal within 200 ms is taken for the first one again. */
async function signalTwice({ child, printed }: Running): Promise<void> {
  child.kill('SIGTERM');
  await until('it has heard', () => /warm shut down requested/.test(printed.stderr));
  const heardAt = Date.now();
  await until('a moment has passed', () => Date.now() - heardAt > 250);
  child.kill('SIGTERM');
}

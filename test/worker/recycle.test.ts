import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();

const TASKS = newFolder({
  't.mjs': `const held = [];
export const pid = () => process.pid;
export const hold = megabytes => { held.push(Buffer.alloc(Number(megabytes) * 2 ** 20, 1)); return process.pid; };`,
});

/** The executors of some jobs, by number: `[0, 0, 1]` when the third job had another one. */
async function executorsOf(calls: readonly (readonly string[])[], ...args: string[]): Promise<number[]> {
  const space = newSpace(redis);
  const ids: string[] = [];
  for (const call of calls) ids.push(await space.enqueue(...call));
  const { status, stderr } = await space.run(['worker', '--burst', '--path', TASKS, ...args]);
  assert.equal(status, 0, stderr);
  const pids = await Promise.all(ids.map(async id => (await space.run(['result', id])).stdout));
  const different = [...new Set(pids)];
  return pids.map(pid => different.indexOf(pid));
}

const PID = ['t#pid'];

test('clean jobs share an executor', async () => {
  assert.deepEqual(await executorsOf([PID, PID, PID]), [0, 0, 0]);
});

test('--recycle-after 2 replaces an executor after two jobs', async () => {
  assert.deepEqual(await executorsOf([PID, PID, PID, PID, PID], '--recycle-after', '2'), [0, 0, 1, 1, 2]);
});

test('--max-memory replaces an executor that is larger after its job, and only that', async () => {
  const calls = [PID, ['t#hold', '300'], PID, PID];
  assert.deepEqual(await executorsOf(calls, '--max-memory', '256mb'), [0, 0, 1, 1]);
});

test('below --max-memory an executor is kept', async () => {
  assert.deepEqual(await executorsOf([['t#hold', '100'], PID], '--max-memory', '1gb'), [0, 0]);
});

test('a child process that a task did not wait for is told as work that went on, like a timer, once for the task', async () => {
  const space = newSpace(redis);
  const folder = newFolder({
    't.mjs': `import { execSync, spawn } from 'node:child_process';
export const direct = () => spawn('sleep', ['301']).pid;
export const background = () => { execSync('sleep 302 >/dev/null 2>&1 &'); };
export const waitedFor = () => new Promise(resolve => spawn('true').once('exit', resolve));`,
  });
  for (const task of ['direct', 'direct', 'background', 'waitedFor']) await space.enqueue(`t#${task}`);
  const { status, stderr } = await space.run(['worker', '--burst', '--path', folder]);
  assert.equal(status, 0);
  const told = stderr.match(/t#\w+ ended while work of it went on, which is ended too: process \d+ outlived the job;/g) ?? [];
  assert.deepEqual(
    told.map(line => line.split(' ')[0]),
    ['t#direct', 't#background'],
  );
});

for (const args of [
  ['--recycle-after', '0'],
  ['--recycle-after', 'often'],
  ['--max-memory', 'much'],
  ['--max-memory', '-1'],
  ['--max-memory', '1mb'],
]) {
  test(`${args.join(' ')} is refused with 64`, async () => {
    const { status, stderr } = await newSpace(redis).run(['worker', '--burst', ...args]);
    assert.equal(status, 64);
    assert.match(stderr, /write for example/);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { statusOf } from './scene.ts';

const redis = await startRedis();

/** `listens` cleans up for a while after its signal; `looks` sees only that it has come. */
const TASKS = newFolder({
  't.mjs': `import { setTimeout as sleep } from 'node:timers/promises';
import { job } from 'rqt/task';
export const listens = async () => {
  console.log('begun');
  await new Promise(resolve => job.signal.addEventListener('abort', resolve, { once: true }));
  console.log('cleaning up');
  await sleep(300);
  console.log('cleaned up');
};
export const late = async () => {
  process.once('SIGTERM', () => console.log(job.signal.aborted ? 'aborted' : 'not aborted'));
  console.log('begun');
  await sleep(60_000);
};
export const deaf = () => { console.log('begun'); return sleep(60_000); };
`,
});

test('the signal aborts when the time is over, and a task that listens is given the grace time to clean up', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#listens', '--timeout', '1s');
  const { status } = await space.run(['worker', '--burst', '--path', TASKS, '--grace', '10s']);
  assert.equal(status, 1);
  const job = await statusOf(space, id);
  assert.equal(job.state, 'failed');
  assert.match(job.error ?? '', /timeout of 1 s/);
  assert.equal(job.stdout, 'begun\ncleaning up\ncleaned up\n');
});

test('the signal aborts on rqt stop, and a task that listens is given the grace time to clean up', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#listens');
  const worker = space.start(['worker', '--burst', '--path', TASKS, '--grace', '10s']);
  await until('the task listens', () => /begun/.test(worker.printed.stdout));
  assert.equal((await space.run(['stop', id])).status, 0);
  await worker.ended;
  const job = await statusOf(space, id);
  assert.equal(job.state, 'stopped');
  assert.equal(job.stdout, 'begun\ncleaning up\ncleaned up\n');
});

test('a task that takes longer than the grace time is killed all the same', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#listens', '--timeout', '1s');
  await space.run(['worker', '--burst', '--path', TASKS, '--grace', '0.1s']);
  const job = await statusOf(space, id);
  assert.equal(job.state, 'failed');
  assert.doesNotMatch(job.stdout, /cleaned up/);
});

test('a task that never looked at its signal is not waited for', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#deaf', '--timeout', '1s');
  // With the grace time of a day the test would not end.
  await space.run(['worker', '--burst', '--path', TASKS, '--grace', '1d']);
  assert.equal((await statusOf(space, id)).state, 'failed');
});

test('who looks at the signal only after the abort sees that it has come', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('t#late', '--timeout', '1s');
  await space.run(['worker', '--burst', '--path', TASKS, '--grace', '2s']);
  assert.match((await statusOf(space, id)).stdout, /begun\naborted\n/);
});

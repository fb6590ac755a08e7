import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { runOnce, statusOf } from './scene.ts';

const redis = await startRedis();

test('a million calls of progress are a handful of messages, and the last one arrives', async () => {
  const space = newSpace(redis);
  const before = await scriptCalls(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = () => {
  const startedAt = Date.now();
  for (let i = 1; i <= 1_000_000; i++) job.progress(i / 1_000_000, 'line ' + i);
  return Date.now() - startedAt;
};`,
  );
  assert.deepEqual([status.progress, status.progress_note], [1, 'line 1000000']);
  // One for each quarter of a second that the loop took, besides what a worker does for any job.
  const quarters = Math.ceil(Number(status.result) / 250);
  const calls = (await scriptCalls(redis)) - before;
  assert.ok(calls < quarters + 60, `${calls} calls for ${quarters} quarters of a second`);
});

test('progress is shown while the job runs', async () => {
  const space = newSpace(redis);
  const gate = join(newFolder(), 'open');
  const folder = newFolder({
    't.mjs': `import { existsSync } from 'node:fs';
import { job } from 'rqt/task';
export const run = async gate => {
  job.progress(0.25, 'the first part');
  job.progress(0.4, 'resizing');
  while (!existsSync(gate)) await new Promise(resolve => setTimeout(resolve, 10));
};`,
  });
  const id = await space.enqueue('t#run', gate);
  const worker = space.start(['worker', '--burst', '--path', folder]);
  await until('the newest progress is there', async () => /0\.4/.test((await space.field(id, 'rqt_progress')) ?? ''));
  const { state, progress, progress_note } = await statusOf(space, id);
  assert.deepEqual([state, progress, progress_note], ['started', 0.4, 'resizing']);
  assert.ok(!existsSync(gate));
  writeFileSync(gate, '');
  assert.equal((await worker.ended).status, 0);
});

const TWICE = "job.progress(0.1); job.progress(0.7, 'nearly');";

for (const [how, body] of [
  ['throws', "throw new Error('no')"],
  ['rejects', "return Promise.reject(new Error('no'))"],
  ['throws where nobody catches it', "setTimeout(() => { throw new Error('no'); }); return new Promise(() => {})"],
  ['runs into its timeout', 'return new Promise(resolve => setTimeout(resolve, 60_000))'],
] as const) {
  test(`the last progress arrives also when the task ${how}`, async () => {
    const space = newSpace(redis);
    const { status } = await runOnce(
      space,
      `import { job } from 'rqt/task';
export const run = () => { ${TWICE} ${body}; };`,
      ['--timeout', '1s'],
    );
    assert.deepEqual([status.state, status.progress, status.progress_note], ['failed', 0.7, 'nearly']);
  });
}

test('a new attempt begins without the progress of the last one', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = () => { if (job.attempt === 1) { job.progress(0.9); throw new Error('no'); } };`,
    ['--retry-max', '1'],
  );
  assert.deepEqual([status.state, status.progress], ['finished', null]);
});

test('a note of any length is kept short', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = () => job.progress(1, 'x'.repeat(1_000_000));`,
  );
  assert.equal(status.progress_note, 'x'.repeat(1000));
});

/** How many scripts Redis has run. */
async function scriptCalls({ client }: TestRedis): Promise<number> {
  const stats = await client.info('commandstats');
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

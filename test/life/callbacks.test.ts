import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();

/** Callbacks get the job first: where they are to write stands in its meta. */
const TASKS = `
import { appendFileSync } from 'node:fs';
export const add = (a, b) => a + b;
export const fail = () => { throw new TypeError('it went wrong'); };
export const failOnce = () => { if (process.env.RQT_ATTEMPT === '1') throw new Error('the first attempt'); };
export const forever = () => new Promise(resolve => setTimeout(resolve, 1e9));
export const tell = (job, ...rest) => appendFileSync(job.meta.file, JSON.stringify([job, ...rest]) + '\\n');
export const tellId = job => appendFileSync(job.meta.file, JSON.stringify([process.env.RQT_JOB_ID]) + '\\n');
export const broken = () => { throw new Error('the callback is broken'); };
export const late = job => new Promise(resolve => setTimeout(resolve, 1500)).then(() => tell(job));
export class Retry extends Error { in = 0; max = 1; [Symbol.for('rqt.retry')] = true; }
export const asks = () => { throw new Retry('asked for it'); };
`;
const path = newFolder({ 'c.mjs': TASKS });

interface Stage extends Space {
  /** Enqueues with the file for callbacks in the job's meta. */
  add(...args: string[]): Promise<string>;
  burst(): ReturnType<Space['run']>;
  /** What callbacks wrote: the values each of them got. */
  told(): unknown[][];
}

function newStage(): Stage {
  const space = newSpace(redis);
  const file = join(newFolder(), 'told');
  return {
    ...space,
    add: (...args) => space.enqueue(...args, '--meta', `file=${file}`),
    burst: () => space.run(['worker', '--burst', '--path', path, '--grace', '0.2s']),
    told: () => (existsSync(file) ? linesOf(readFileSync(file, 'utf8')).map(line => JSON.parse(line)) : []),
  };
}

test('--on-success gets the job and its result', async () => {
  const stage = newStage();
  const id = await stage.add('c#add', ':1', ':2', '--on-success', 'c#tell', '--on-failure', 'c#broken', '--description', 'a sum');
  assert.equal((await stage.burst()).status, 0);
  const [[job, result, ...more] = []] = stage.told();
  const { meta, ...rest } = job as Record<string, unknown>;
  assert.deepEqual(rest, { id, queue: 'default', attempt: 1, description: 'a sum', task: 'c#add', args: [1, 2], kwargs: {} });
  assert.deepEqual([result, more, stage.told().length], [3, [], 1]);
});

test('--on-failure gets the job and its error', async () => {
  const stage = newStage();
  const id = await stage.add('c#fail', '--on-failure', 'c#tell', '--on-success', 'c#broken');
  assert.equal((await stage.burst()).status, 1);
  const [[job, error] = []] = stage.told() as [{ id: string }, { message: string; trace: string }][];
  assert.deepEqual([job?.id, error?.message], [id, 'TypeError: it went wrong']);
  assert.match(error?.trace ?? '', /c\.mjs/);
});

test('--on-stopped gets the job when somebody stops it', async () => {
  const stage = newStage();
  const id = await stage.add('c#forever', '--on-stopped', 'c#tell', '--on-failure', 'c#broken');
  const worker = stage.start(['worker', '--burst', '--path', path, '--grace', '0.2s']);
  await until('it runs', async () => (await stage.field(id, 'status')) === 'started');
  await stage.run(['stop', id]);
  await worker.ended;
  assert.deepEqual([await stage.field(id, 'status'), stage.told().length], ['stopped', 1]);
  assert.equal((stage.told()[0] as [{ id: string }])[0].id, id);
  assert.equal(await stage.field(id, 'rqt_callback_error'), null);
});

test("a callback has the job's context", async () => {
  const stage = newStage();
  const id = await stage.add('c#add', '--on-success', 'c#tellId');
  await stage.burst();
  assert.deepEqual(stage.told(), [[id]]);
});

test('no failure callback runs while retries are left: it runs once, after the last attempt', async () => {
  const stage = newStage();
  await stage.add('c#fail', '--retry-max', '2', '--on-failure', 'c#tell');
  await stage.burst();
  assert.deepEqual(
    stage.told().map(([job]) => (job as { attempt: number }).attempt),
    [3],
  );
});

test('a job that a retry saves runs its success callback alone', async () => {
  const stage = newStage();
  await stage.add('c#failOnce', '--retry-max', '2', '--on-failure', 'c#broken', '--on-success', 'c#tell');
  await stage.burst();
  assert.equal(stage.told().length, 1);
});

test('a failure callback runs when a task has asked for more retries than it allows itself', async () => {
  const stage = newStage();
  const id = await stage.add('c#asks', '--on-failure', 'c#tell');
  assert.equal((await stage.burst()).status, 1);
  assert.equal(await stage.field(id, 'status'), 'failed');
  assert.deepEqual(
    stage.told().map(([job]) => (job as { attempt: number }).attempt),
    [2],
  );
});

test('a failing callback is noted on the job and told, and changes nothing else', async () => {
  const stage = newStage();
  const id = await stage.add('c#add', ':1', ':2', '--on-success', 'c#broken');
  const child = await stage.add('c#add', ':1', ':2', '--depends-on', id);
  const ran = await stage.burst();
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /the on-success callback c#broken failed: Error: the callback is broken/);
  const status = JSON.parse((await stage.run(['status', '--json', id])).stdout);
  assert.deepEqual([status.state, status.result, status.error], ['finished', 3, null]);
  assert.equal(status.callback_error, 'the on-success callback c#broken failed: Error: the callback is broken');
  assert.match((await stage.run(['status', id])).stdout, /^ +callback +the on-success callback c#broken failed/m);
  assert.equal(await stage.field(child, 'status'), 'finished');
});

test('a callback that does not exist is one that fails', async () => {
  const stage = newStage();
  const id = await stage.add('c#fail', '--on-failure', 'nowhere#none');
  await stage.burst();
  assert.equal(await stage.field(id, 'status'), 'failed');
  assert.match((await stage.field(id, 'rqt_callback_error')) ?? '', /^the on-failure callback nowhere#none failed: /);
});

test('a callback has a time of its own: --callback-timeout', async () => {
  const stage = newStage();
  const id = await stage.add('c#add', ':1', ':2', '--on-success', 'c#forever', '--callback-timeout', '1s');
  assert.equal(await stage.field(id, 'success_callback_timeout'), '1');
  assert.equal((await stage.burst()).status, 0);
  assert.equal(await stage.field(id, 'status'), 'finished');
  assert.match((await stage.field(id, 'rqt_callback_error')) ?? '', /c#forever failed: .*1 s/);
});

test("a callback may take longer than the job's --timeout", async () => {
  const stage = newStage();
  const id = await stage.add('c#add', '--timeout', '1', '--on-success', 'c#late');
  await stage.burst();
  assert.deepEqual([await stage.field(id, 'rqt_callback_error'), stage.told().length], [null, 1]);
});

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { projectRoot } from '../helpers/rqt.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { runOnce, statusOf } from './scene.ts';

const redis = await startRedis();

const outcomes = (status: { attempts: readonly { outcome: string }[] }) => status.attempts.map(({ outcome }) => outcome);

test('a job that throws Retry is tried again at once, without any --retry-max, and each attempt is recorded', async () => {
  const space = newSpace(redis);
  const { status, ran } = await runOnce(
    space,
    `import { job, Retry } from 'rqt/task';
export const run = () => { if (job.attempt < 3) throw new Retry(); return 'done'; };`,
  );
  assert.equal(ran.status, 0);
  assert.deepEqual([status.state, status.result, status.attempt_count], ['finished', 'done', 3]);
  assert.deepEqual(outcomes(status), ['retried', 'retried', 'finished']);
});

test('Retry says why, in the attempt and in the log', async () => {
  const space = newSpace(redis);
  const { status, ran } = await runOnce(
    space,
    `import { job, Retry } from 'rqt/task';
export const run = () => { if (job.attempt === 1) throw new Retry({ because: 'the shop is closed' }); };`,
  );
  assert.match(status.attempts[0]?.error ?? '', /the shop is closed/);
  assert.match(ran.stderr, /the shop is closed/);
});

for (const [wait, seconds] of [
  ["'30s'", 30],
  ["'0.5s'", 1],
  ['90', 90],
] as const) {
  test(`Retry with in: ${wait} schedules the job`, async () => {
    const space = newSpace(redis);
    const { status } = await runOnce(
      space,
      `import { Retry } from 'rqt/task';
export const run = () => { throw new Retry({ in: ${wait} }); };`,
    );
    assert.equal(status.state, 'scheduled');
    const left = (Date.parse(status.due_at ?? '') - Date.now()) / 1000;
    assert.ok(left <= seconds + 1 && left > seconds - 15, `${left} s`);
  });
}

test('Retry with max fails the job after so many, as one that is out of retries', async () => {
  const space = newSpace(redis);
  const { status, ran } = await runOnce(
    space,
    `import { Retry } from 'rqt/task';
export const run = () => { throw new Retry({ max: 2, because: 'still closed' }); };`,
    ['--retry-max', '5'],
  );
  assert.equal(ran.status, 1);
  assert.deepEqual([status.state, status.attempt_count], ['failed', 3]);
  assert.deepEqual(outcomes(status), ['retried', 'retried', 'out of retries']);
  assert.match(status.error ?? '', /still closed/);
  assert.match(ran.stderr, /at once, as its task asked \(1 of 2 times\): .*at once, as its task asked \(2 of 2 times\): /s);
  assert.doesNotMatch(ran.stderr, /retries left/);
});

test('a Retry without a wait and a max is at once ten times, then after a second: it does not spin', async () => {
  const space = newSpace(redis);
  const text = "import { Retry } from 'rqt/task'; export const run = () => { throw new Retry(); };";
  const { status, ran } = await runOnce(space, text);
  assert.equal(ran.status, 1);
  assert.deepEqual([status.state, status.attempt_count], ['scheduled', 11]);
  assert.match(ran.stderr, /at once.*in 1 s/s);
});

test('a Retry with a max and without a wait is at once each time', async () => {
  const space = newSpace(redis);
  const text = "import { Retry } from 'rqt/task'; export const run = () => { throw new Retry({ max: 20 }); };";
  const { status } = await runOnce(space, text);
  assert.deepEqual([status.state, status.attempt_count], ['failed', 21]);
});

test('the max of Retry counts anew in each repetition of a job', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job, Retry } from 'rqt/task';
export const run = () => { if (job.attempt !== 3 && job.attempt !== 6) throw new Retry({ max: 2 }); };`,
    ['--repeat', '1'],
  );
  assert.deepEqual([status.state, status.attempt_count], ['finished', 6]);
});

test('Retry does not spend the retries of --retry-max', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job, Retry } from 'rqt/task';
export const run = () => { if (job.attempt < 4) throw new Retry(); return 'done'; };`,
    ['--retry-max', '1'],
  );
  assert.deepEqual([status.state, status.attempt_count, status.retries_left], ['finished', 4, 1]);
});

/** What is written behind `new`, and what the job says of it. */
const MISTAKES = [
  ['Retry({ interval: 30 })', /no option 'interval'; there are in, max, because \(what RQ calls interval is 'in'\)/],
  ['Retry({ bogus: 1 })', /no option 'bogus'; there are in, max, because$/],
  ['Retry(3)', /give its options by name: Retry\(\{ in: '30s', max: 3 \}\)/],
  ['Retry(null)', /give its options by name/],
  ["Retry({ in: 'soon' })", /in 'soon' is not a duration; write for example 90, 90s/],
  ["Retry({ in: '30 s' })", /in '30 s' is not a duration/],
  ["Retry({ in: '1 second' })", /in '1 second' is not a duration/],
  ['Retry({ in: -5 })', /in '-5' is negative/],
  ['Retry({ in: NaN })', /in 'NaN' is not a duration/],
  ['Retry({ max: -2 })', /max '-2' is no number of times/],
  ["Retry({ max: '3' })", /max '3' is no number of times/],
  ['Retry({ max: NaN })', /max 'NaN' is no number of times/],
] as const;

const misusing = newSpace(redis);
const misusesOf = new Map<string, string>();
before(async () => {
  const tasks = MISTAKES.map(([call], at) => `export const run${at} = () => { throw new ${call}; };`);
  const folder = newFolder({ 't.mjs': ["import { Retry } from 'rqt/task';", ...tasks].join('\n') });
  for (const [at, [call]] of MISTAKES.entries()) misusesOf.set(call, await misusing.enqueue(`t#run${at}`, '--retry-max', '3'));
  await misusing.run(['worker', '--burst', '--path', folder]);
});

for (const [at, [call, reason]] of MISTAKES.entries()) {
  test(`${call} fails the job once and for all, with the reason and the line of the task`, async () => {
    const { state, attempt_count, error } = await statusOf(misusing, misusesOf.get(call) ?? '');
    assert.deepEqual([state, attempt_count], ['failed', 1]);
    const [title = '', ...stack] = (error ?? '').split('\n');
    assert.match(title, /^TypeError: Retry: /);
    assert.match(title, reason);
    assert.match(stack[0] ?? '', new RegExp(`t\\.mjs:${at + 2}:`));
    assert.equal(stack.length, 1, error ?? '');
  });
}

test('Retry takes seconds that were computed, and a max without end', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { Retry } from 'rqt/task';
export const run = () => { throw new Retry({ in: 100 / 3, max: Infinity }); };`,
  );
  assert.equal(status.state, 'scheduled');
  const left = (Date.parse(status.due_at ?? '') - Date.now()) / 1000;
  assert.ok(left > 15 && left <= 35, `${left} s`);
});

test('a job that throws Fail has failed, whatever its --retry-max', async () => {
  const space = newSpace(redis);
  const { status, ran } = await runOnce(
    space,
    `import { Fail } from 'rqt/task';
export const run = () => { throw new Fail('no such customer'); };`,
    ['--retry-max', '3'],
  );
  assert.equal(ran.status, 1);
  assert.deepEqual([status.state, status.attempt_count, status.retries_left], ['failed', 1, 3]);
  assert.match(status.error ?? '', /no such customer/);
});

test('a Retry that is returned, as RQ has it, is as good as one that is thrown', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { Retry } from 'rqt/task';
export const run = async () => new Retry({ max: 2, because: 'still closed' });`,
  );
  assert.deepEqual(outcomes(status), ['retried', 'retried', 'out of retries']);
  assert.match(status.error ?? '', /^Retry: still closed\n.*t\.mjs:2/);
});

test('a Fail that is returned fails the job, whatever its --retry-max', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { Fail } from 'rqt/task';
export const run = () => new Fail('no such customer');`,
    ['--retry-max', '3'],
  );
  assert.deepEqual([status.state, status.attempt_count, status.result], ['failed', 1, null]);
  assert.match(status.error ?? '', /^Fail: no such customer/);
});

test('Fail may have a cause, and its subclasses are as good', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { Fail } from 'rqt/task';
class Gone extends Fail {}
export const run = async () => { throw new Gone('no such customer', { cause: new Error('404') }); };`,
    ['--retry-max', '3'],
  );
  assert.equal(status.attempt_count, 1);
  assert.match(status.error ?? '', /404/);
});

test('Retry and Fail of another copy of the module are recognised', async () => {
  const space = newSpace(redis);
  const folder = newFolder({
    'again.mjs': `import { Retry } from './copy.mjs';
export const run = () => { if (process.env.RQT_ATTEMPT === '1') throw new Retry(); };`,
    'never.mjs': `import { Fail } from './copy.mjs';
export const run = () => { throw new Fail('no'); };`,
  });
  copyFileSync(join(projectRoot, 'dist/task.js'), join(folder, 'copy.mjs'));
  const [again, never] = [await space.enqueue('again#run'), await space.enqueue('never#run', '--retry-max', '3')];
  await space.run(['worker', '--burst', '--path', folder]);
  const first = await statusOf(space, again);
  assert.deepEqual([first.state, first.attempt_count], ['finished', 2]);
  const second = await statusOf(space, never);
  assert.deepEqual([second.state, second.attempt_count], ['failed', 1]);
});

test('Retry and Fail work from TypeScript', async () => {
  const space = newSpace(redis);
  const folder = newFolder({
    't.ts': `import { Fail, job, Retry } from 'rqt/task';
export function run(): never {
  if (job.attempt === 1) throw new Retry({ in: 0 });
  throw new Fail('over');
}`,
  });
  const id = await space.enqueue('t#run', '--retry-max', '2');
  await space.run(['worker', '--burst', '--path', folder]);
  const status = await statusOf(space, id);
  assert.deepEqual([status.state, status.attempt_count], ['failed', 2]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtures, folderOf, reasonOf, resultOf, startPool, traceOf } from './pools.ts';

const { run, start } = startPool({ env: { RQT_TEST_EXTRA: 'extra' } });

test('positional arguments are passed in order, and what the task returns is the result', async () => {
  assert.deepEqual(resultOf(await run('basics#echo', 1, 'two', { three: [3] })), [1, 'two', { three: [3] }]);
});

test('keyword arguments are one more object at the end', async () => {
  const { outcome } = start('basics#echo', { args: [1], kwargs: { size: 2 } });
  assert.deepEqual(resultOf({ outcome: await outcome }), [1, { size: 2 }]);
});

test('an asynchronous task is awaited', async () => {
  assert.equal(resultOf(await run('basics#later', 'value')), 'value');
});

test('a task that returns nothing has the result null', async () => {
  assert.deepEqual((await run('basics#noop')).outcome, { kind: 'finished', resultJson: 'null', absent: null });
});

test('the environment and the context name the job', async () => {
  const identity = { jobId: 'the job', queue: 'q', attempt: 3, executionId: 'e' };
  assert.deepEqual(resultOf({ outcome: await start('basics#environment', identity).outcome }), {
    RQT_JOB_ID: 'the job',
    RQT_ATTEMPT: '3',
    RQT_EXECUTION: 'e',
    RQT_QUEUE: 'q',
    RQT_TEST_EXTRA: 'extra',
  });
  const context = resultOf({ outcome: await start('basics#context', identity).outcome });
  assert.deepEqual(context, { id: 'the job', queue: 'q', attempt: 3, execution: 'e' });
});

for (const [name, absent] of [
  ['circle', 'the result has a circle at .self'],
  ['map', 'the result has a Map at ["a-b"]'],
  ['set', 'the result has a Set at [0]'],
  ['bytes', 'the result is a Buffer'],
  ['typed', 'the result has bytes (Uint8Array) at .a'],
  ['promise', 'the result has a Promise at .a'],
  ['func', 'the result is a function'],
  ['symbol', 'the result is a symbol'],
  ['large', 'the result is 2 MiB, over the cap of 1 MiB'],
  ['throwing', 'the result is not JSON: no JSON of me'],
] as const) {
  test(`a job is finished without its result: ${absent}`, async () => {
    assert.deepEqual((await run(`results#${name}`)).outcome, { kind: 'finished', resultJson: null, absent });
  });
}

test('what JSON only shortens is kept as JSON has it, numbers as Python has them', async () => {
  const { outcome } = await run('results#shortened');
  assert.deepEqual(outcome, {
    kind: 'finished',
    resultJson: '{"date":"1970-01-01T00:00:00.000Z","nan":NaN,"nested":[null,true,"ü"]}',
    absent: null,
  });
  const { outcome: big } = await run('results#bigint');
  assert.match(big.kind === 'finished' ? (big.resultJson ?? '') : '', /\d/);
});

test("a failure has the error's name and message, and a trace with only the task's own frames and its causes", async () => {
  const ended = await run('basics#fails');
  const source = readFileSync(join(fixtures, 'basics.ts'), 'utf8').split('\n');
  const line = source.findIndex(text => text.includes('new TypeError')) + 1;
  assert.equal(reasonOf(ended), 'TypeError: this fails');
  assert.match(traceOf(ended), new RegExp(`fails \\(.*/fixtures/tasks/basics\\.ts:${line}\\)`));
  assert.match(traceOf(ended), /^cause: Error: the cause$/m);
  assert.doesNotMatch(traceOf(ended), /executor\.js|node:internal|jiti/);
});

for (const [name, reason] of [
  ['nothing', /^thrown: null$/],
  ['object', /^thrown: \{ code: 7 \}$/],
  ['getters', /^Error: \(unreadable\)$/],
  ['stackless', /^Error: made$/],
  ['circular', /^Error: made$/],
  ['aggregate', /^AggregateError: both$/],
  ['huge', /^Error: x{400,}/],
  ['proxy', /^thrown: /],
] as const) {
  test(`an error that is hard to describe still fails the job: ${name}`, async () => {
    const ended = await run(`hostile#${name}`);
    assert.match(reasonOf(ended), reason);
    assert.ok(traceOf(ended).length < 17_000);
  });
}

test('the errors of an aggregate are in the trace', async () => {
  assert.match(traceOf(await run('hostile#aggregate')), /error: Error: one[\s\S]*error: Error: two/);
});

test('an answer that comes after the job which asked has ended is not taken for one that the next job asked for', async () => {
  const tasks = `
const job = () => globalThis[Symbol.for('rqt.job')];
export const forgets = () => void job().enqueue('m#f', ['forgotten']).catch(() => {});
export const asks = () => job().enqueue('m#f', ['asked']);
`;
  let answerLate = (_: string) => {};
  const late = new Promise<string>(resolve => {
    answerLate = resolve;
  });
  const pool = startPool({
    taskRoots: [folderOf({ 't.mjs': tasks })],
    onRequest: async (_call, request) => {
      if (request.type !== 'enqueue' || request.args[0] === 'forgotten') return late;
      answerLate('of the first');
      await late;
      await new Promise(setImmediate);
      return 'of the second';
    },
  });
  const first = await pool.run('t#forgets');
  const second = await pool.run('t#asks');
  assert.equal(second.pid, first.pid);
  assert.equal(resultOf(second), 'of the second');
});

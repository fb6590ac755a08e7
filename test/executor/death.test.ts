import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../helpers/until.ts';
import { isAlive, reasonOf, resultOf, startPool, traceOf } from './pools.ts';

const { run, start, printed, retired } = startPool();

for (const [task, args, reason] of [
  ['exits', [3], 'the task ended its process with exit status 3 before it returned'],
  ['exits', [0], 'the task ended its process with exit status 0 before it returned'],
  ['aborts', [], 'the executor was ended by SIGABRT (process.abort(), or JavaScript ran out of memory)'],
  ['signalled', ['SIGSEGV'], 'the executor was killed by SIGSEGV'],
  ['signalled', ['SIGKILL'], 'the executor was killed by SIGKILL (often: out of memory)'],
  ['throwsLater', [], 'uncaught exception: RangeError: too late'],
  ['rejectsUnheard', [], 'unhandled rejection: Error: unheard'],
  ['disconnects', [], 'the task called process.disconnect(): that is the line to its worker'],
] as const) {
  test(`dies#${task} ${args.join()} fails the job: ${reason}`, async () => {
    assert.equal(reasonOf(await run(`dies#${task}`, ...args)), reason);
    assert.equal(resultOf(await run('basics#echo', 1)) !== undefined, true);
  });
}

test('an uncaught exception has the trace of the task', async () => {
  assert.match(traceOf(await run('dies#throwsLater')), /RangeError: too late\n {4}at .*dies\.mjs:\d+/);
});

test('an executor that is killed from outside fails its job', async () => {
  const job = start('endless#never');
  await until('it has begun', () => printed.stdout.includes('begun'));
  process.kill(job.pid ?? 0, 'SIGKILL');
  assert.match(reasonOf({ outcome: await job.outcome }), /killed by SIGKILL/);
});

test('children of a task that ended its process are killed', async () => {
  const { outcome, stdout } = await run('dies#exitsWithChild');
  assert.match(reasonOf({ outcome }), /exit status 0/);
  await until('the child is gone', () => !isAlive(Number(stdout)));
});

for (const [name, stdout] of [
  ['endsStdout', 'last words\n'],
  ['closesStdout', ''],
] as const) {
  test(`a task that closes its output finishes, and the next job has an executor that can write: ${name}`, async () => {
    const ended = await run(`dies#${name}`);
    assert.equal(ended.outcome.kind, 'finished');
    assert.equal(ended.stdout, stdout);
    assert.equal((await run('output#mixed')).stdout, '1234');
    assert.equal((await run('output#viaConsole', 'x', 3)).stdout, 'xxx\n');
  });
}

test('closing the descriptor itself makes the executor be replaced', async () => {
  await run('dies#closesStdout');
  assert.equal(retired.at(-1), 'its stdout was closed');
});

test('a task that replaces process.send changes nothing', async () => {
  assert.equal(resultOf(await run('dies#replacesSend')), 'sent');
});

test('an idle executor that was killed is replaced before the next job', async () => {
  const { pid } = await run('basics#noop');
  const restedFrom = performance.now();
  process.kill(pid, 'SIGKILL');
  // Jobs that follow each other within 5 ms are not worth a look at the process.
  await until('it is gone, and not just now', () => !isAlive(pid) && performance.now() - restedFrom > 10);
  const next = await run('basics#pid');
  assert.notEqual(resultOf(next), pid);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../helpers/until.ts';
import { isAlive, reasonOf, resultOf, startPool } from './pools.ts';

const patient = startPool({ graceMs: 60_000 });
const brief = startPool({ graceMs: 300 });

for (const name of ['never', 'spins']) {
  test(`endless#${name} ends at its timeout, without waiting for the grace period`, async () => {
    const { outcome } = patient.start(`endless#${name}`, { timeoutMs: 300 });
    assert.equal(reasonOf({ outcome: await outcome }), 'the task ran longer than its timeout of 300 ms');
  });
}

test('a task that ignores SIGTERM is killed after the grace period', async () => {
  const { outcome } = brief.start('endless#stubborn', { timeoutMs: 1_000 });
  assert.equal(reasonOf({ outcome: await outcome }), 'the task ran longer than its timeout of 1 s, and had to be killed');
});

test('a task that heeds its signal may clean up before it fails by its timeout', async () => {
  const { outcome } = patient.start('endless#heeds', { timeoutMs: 300 });
  assert.equal(reasonOf({ outcome: await outcome }), 'the task ran longer than its timeout of 300 ms');
  assert.equal(patient.printed.stdout, 'begun\ncleaned up\n');
});

for (const by of ['stop', 'cold', 'lost'] as const) {
  test(`a job that is stopped (${by}) is stopped, even if its event loop is blocked`, async () => {
    const job = patient.start('endless#spins');
    await until('it has begun', () => patient.printed.stdout.includes('begun'));
    job.stop(by);
    assert.deepEqual(await job.outcome, { kind: 'stopped', by });
    assert.ok(!isAlive(job.pid ?? 0));
  });
}

test('SIGTERM reaches the task, and what it then writes is kept', async () => {
  const job = patient.start('endless#cleansUp');
  await until('it has begun', () => patient.printed.stdout.includes('begun'));
  job.stop('stop');
  assert.deepEqual(await job.outcome, { kind: 'stopped', by: 'stop' });
  assert.equal(patient.printed.stdout, 'begun\nterminated\n');
});

test('grandchildren that ignore SIGTERM die with the job', async () => {
  const job = brief.start('endless#stubbornFamily');
  await until('it has begun', () => brief.printed.stdout.includes('\n'));
  job.stop('stop');
  await job.outcome;
  await until('the grandchild is gone', () => !isAlive(Number(brief.printed.stdout)));
});

test('a lease that is lost while a job is being stopped ends the waiting', async () => {
  const job = patient.start('endless#stubborn');
  await until('it has begun', () => patient.printed.stdout.includes('begun'));
  job.stop('stop');
  job.stop('lost');
  assert.deepEqual(await job.outcome, { kind: 'stopped', by: 'stop' });
});

test('a job that is stopped before its executor is ready never runs', async () => {
  const fresh = startPool();
  const job = fresh.start('endless#never');
  job.stop('stop');
  assert.deepEqual(await job.outcome, { kind: 'stopped', by: 'stop' });
  assert.equal(fresh.printed.stdout, '');
});

test('stopping a job that has ended does nothing to the next', async () => {
  const job = patient.start('basics#noop');
  assert.equal((await job.outcome).kind, 'finished');
  const { pid } = await patient.run('basics#noop');
  job.stop('lost');
  assert.equal(resultOf(await patient.run('basics#pid')), pid);
});

test('a timeout that is longer than a timer can count is no timeout of now', async () => {
  const { outcome } = patient.start('basics#later', { timeoutMs: 2 ** 31 + 1_000, args: ['x'] });
  assert.equal(resultOf({ outcome: await outcome }), 'x');
});

test('closing a pool stops its job and leaves no process', async () => {
  const fresh = startPool();
  const job = fresh.start('endless#stubbornFamily');
  await until('it has begun', () => fresh.printed.stdout.includes('\n'));
  await fresh.pool.close();
  assert.deepEqual(await job.outcome, { kind: 'stopped', by: 'cold' });
  assert.ok(!isAlive(job.pid ?? 0));
  await until('the grandchild is gone', () => !isAlive(Number(fresh.printed.stdout)));
});

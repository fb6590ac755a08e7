import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, realpathSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { launcher, projectRoot } from '../../helpers/rqt.ts';
import { openStage, taskFolder, told } from '../../worker/stage.ts';

/** What goes wrong with the worker itself, or its machine. */
const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

test('a job that kills its worker each time ends failed after its crash budget, named as such; others go on', async () => {
  const poison = await put('trouble#killWorker');
  const other = await put('quick#nothing');
  const signals: (NodeJS.Signals | null)[] = [];
  for (let worker = 1; worker <= 4; worker++) signals.push((await stage.burst('--name', `w${worker}`)).signal);
  assert.deepEqual(signals, ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL']);
  const ran = await stage.burst('--name', 'last');
  assert.equal(ran.status, 1, ran.stderr);
  const status = await stage.status(poison);
  assert.deepEqual([status.state, status.crashes], ['failed', 4]);
  assert.match(status.error ?? '', /The worker died while it ran this job/);
  assert.match(ran.stderr, new RegExp(`\\(${poison}\\).*its worker died 4 times, more often than it may`));
  assert.equal((await stage.status(other)).state, 'finished');
});

test('an executor that the kernel kills for memory fails its job, and the next one runs', async () => {
  const id = await put('trouble#killItself');
  const next = await put('quick#nothing');
  const ran = await stage.burst();
  assert.equal(ran.status, 1);
  const { state, error } = await stage.status(id);
  assert.equal(state, 'failed');
  assert.match(error ?? '', /SIGKILL/);
  assert.equal((await stage.status(next)).state, 'finished');
});

test('a full disk under the worker’s standard output is told and is 73; no job is lost, nor what it wrote', async () => {
  const id = await put('quick#say', { args: ['kept\n'] });
  const next = await put('quick#nothing');
  const child = spawn(process.execPath, [launcher, 'worker', '--burst', '--path', taskFolder], {
    env: { PATH: process.env.PATH, RQT_CONFIG: '/dev/null', ...stage.env },
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  const status = await new Promise(resolve => child.once('close', resolve));
  assert.equal(status, 73, stderr);
  assert.equal(stderr.match(/standard output cannot be written/g)?.length, 1, stderr);
  assert.equal((await stage.status(id)).stdout, 'kept\n');
  assert.equal((await stage.status(next)).state, 'finished');
});

test('a daemon that a job leaves behind with its output open keeps neither the job nor the worker', async () => {
  const id = await put('trouble#daemon');
  const next = await put('quick#say', { args: ['mine\n'] });
  const ran = await stage.burst();
  const { state, result } = await stage.status(id);
  if (Number(result) > 0) killIfThere(Number(result));
  for (const pid of stage.processes()) killIfThere(pid);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(state, 'finished');
  assert.equal((await stage.status(next)).stdout, 'mine\n');
});

test('timers, the directory and the environment that a job leaves do not reach the next one; that work went on is told, once for a task', async () => {
  const ids = [await put('trouble#leaks'), await put('trouble#leaks')];
  const next = await put('trouble#surroundings');
  const { status, stderr } = await stage.burst();
  assert.equal(status, 0);
  const warnings = told({ stderr }, /work of it went on/);
  assert.deepEqual(warnings, [
    `default: trouble#leaks ended while work of it went on, which is ended too: it left open: Timeout; await it if the job needs it (${ids[0]})`,
  ]);
  const { result, stdout } = await stage.status(next);
  assert.deepEqual([result, stdout], [[realpathSync(projectRoot), null], '']);
});

test('a job that fills JavaScript’s heap fails and says so; the next one runs', async () => {
  stage.env.NODE_OPTIONS = '--max-old-space-size=64';
  const id = await put('trouble#eatHeap');
  const next = await put('quick#nothing');
  const ran = await stage.burst();
  delete stage.env.NODE_OPTIONS;
  assert.equal(ran.status, 1, ran.stderr);
  assert.match((await stage.status(id)).error ?? '', /JavaScript ran out of memory/);
  assert.equal((await stage.status(next)).state, 'finished');
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

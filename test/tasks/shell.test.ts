import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { exec, run } from '../../tasks/shell.ts';

beforeEach(() => {
  process.env.RQT_ALLOW_SHELL = '1';
});
afterEach(() => {
  delete process.env.RQT_ALLOW_SHELL;
});

test('without --allow-shell nothing runs, and the refusal says what to start', async () => {
  delete process.env.RQT_ALLOW_SHELL;
  await assert.rejects(run('exit 0'), { message: /start the worker with --allow-shell/ });
  await assert.rejects(exec('true'), { message: /start the worker with --allow-shell/ });
});

test('a command line that ends well returns its exit code, and has no input', async () => {
  assert.deepEqual(await run('test -z "$(cat)" | cat'), { exitCode: 0 });
});

test('what a command prints goes where the task’s own output goes', () => {
  const script = `process.env.RQT_ALLOW_SHELL = '1'; import(process.argv[1]).then(m => m.run('echo out; echo err >&2'))`;
  const { stdout, stderr } = spawnSync(process.execPath, [
    '-e',
    script,
    new URL('../../../dist/tasks/shell.js', import.meta.url).pathname,
  ]);
  assert.deepEqual([String(stdout), String(stderr)], ['out\n', 'err\n']);
});

test('another exit status fails and is named', async () => {
  await assert.rejects(run('exit 3'), { message: 'exit status 3: exit 3' });
  await assert.rejects(exec('sh', '-c', 'exit 4'), { message: 'exit status 4: sh -c exit 4' });
});

test('death by a signal fails and names it', async () => {
  await assert.rejects(run('kill -KILL $$'), { message: 'killed by SIGKILL: kill -KILL $$' });
});

test('exec hands its arguments on untouched, numbers as text', async () => {
  await exec('sh', '-c', 'test "$#" = 3 && test "$1" = "a b" && test "$2" = 7 && test "$3" = "*"', 'sh', 'a b', 7, '*');
});

test('cwd and env are those of the command', async () => {
  await run('test "$(pwd)" = / && test "$X" = 1 && test -n "$PATH"', { cwd: '/', env: { X: 1 } });
  await exec('sh', '-c', 'test "$(pwd)" = /', { cwd: '/' });
});

test('a missing program, a missing folder and a wrong argument each fail with words', async () => {
  await assert.rejects(exec('no-such-program'), { message: /^no-such-program cannot be started: / });
  await assert.rejects(run('true', { cwd: '/no/such' }), { message: 'cwd /no/such is not a directory' });
  await assert.rejects(exec('true', ['a']), { message: 'a program takes texts and numbers, not ["a"]' });
  await assert.rejects(run(''), TypeError);
});

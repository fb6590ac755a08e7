import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { isAlive } from './pools.ts';

const host = join(projectRoot, '.build', 'test', 'fixtures', 'pool-host.js');
const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

for (const [task, what] of [
  ['endless#stubbornFamily', 'with a blocked event loop'],
  ['endless#stubborn', 'that ignores SIGTERM'],
] as const) {
  test(`an executor ${what}, and all that it started, dies with its worker`, async () => {
    const worker = startHost(task);
    const said: { pid: number; printed: string; family: number[] } = await new Promise(resolve =>
      worker.once('message', resolve),
    );
    assert.ok(isAlive(said.pid));
    assert.ok(said.family.length > 0);
    worker.kill('SIGKILL');
    for (const pid of [said.pid, ...said.family]) await until(`process ${pid} is gone`, () => !isAlive(pid));
  });
}

test('without room for files no executor is forked, and the job is told not to have run', async () => {
  const child = spawn('sh', ['-c', 'ulimit -n 40; exec "$0" "$@"', process.execPath, host, 'basics#noop', 'exhaust'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  await new Promise(resolve => child.once('close', resolve));
  assert.equal(text.trim(), 'ForkError');
});

function startHost(task: string): ChildProcess {
  const child = fork(host, [task], { execArgv: [] });
  started.add(child);
  return child;
}

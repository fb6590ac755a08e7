import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../helpers/until.ts';
import { isAlive, resultOf, startPool } from './pools.ts';

const { run, retired } = startPool({ maxRssBytes: 200 * 2 ** 20 });

for (const task of [
  ...['noop', 'later', 'fails', 'environment'].map(name => `basics#${name}`),
  ...['closedTimer', 'closedServer', 'restoredVariable', 'waitedFor', 'awaitedChild', 'fetching'].map(name => `leaves#${name}`),
]) {
  test(`${task} leaves the executor clean, and the next job gets the same one`, async () => {
    const before = await run('basics#pid');
    retired.length = 0;
    const ended = await run(task);
    const after = await run('basics#pid');
    assert.deepEqual(retired, []);
    assert.equal(ended.pid, before.pid);
    assert.equal(resultOf(after), before.pid);
  });
}

for (const [name, reason] of [
  ['timer', /^it left open: Timeout$/],
  ['unreferencedTimer', /^it left a timer, worker or server that was unref\(\)d$/],
  ['server', /^it left open: TCPServerWrap$/],
  ['variable', /^the environment variable LEFT_BEHIND was changed$/],
  ['environment', /^process\.env was replaced$/],
  ['folder', /^the working directory was changed$/],
  ['umask', /^the umask was changed$/],
  ['listener', /^(listeners of process were added or removed|it left open: SignalWrap)$/],
  ['noListeners', /^listeners of process were added or removed$/],
  ['replacedWrite', /^stdout or stderr was replaced$/],
  ['memory', /^it grew to \d+ MiB$/],
] as const) {
  test(`leaves#${name} makes the executor be replaced: ${reason.source}`, async () => {
    const { outcome, pid } = await run(`leaves#${name}`);
    assert.equal(outcome.kind, 'finished');
    assert.match(retired.at(-1) ?? '', reason);
    assert.notEqual(resultOf(await run('basics#pid')), pid);
    await until('the old executor is gone', () => !isAlive(pid));
  });
}

for (const name of ['child', 'background', 'ownGroup']) {
  test(`a process that outlives its job is killed: leaves#${name}`, async () => {
    const left = resultOf(await run(`leaves#${name}`)) as number;
    assert.match(retired.at(-1) ?? '', /^process \d+( and \d+ more)? outlived the job$/);
    await until('it is gone', () => !isAlive(left));
  });
}

test('processes and a timer that outlive their job are both named', async () => {
  const left = resultOf(await run('leaves#childAndTimer')) as number;
  assert.equal(retired.at(-1), `process ${left} outlived the job; it left open: ProcessWrap, Timeout`);
});

for (const name of ['killedChild', 'endingChild']) {
  test(`a process that is just ending is not said to have outlived its job: leaves#${name}`, async () => {
    for (let at = 0; at < 10; at++) {
      retired.length = 0;
      await run(`leaves#${name}`);
      assert.doesNotMatch(retired.join('\n'), /outlived/);
    }
  });
}

test('a process that left the session is left alone, but not with an executor that has further jobs', async () => {
  const { outcome, pid } = await run('leaves#escaped');
  const escaped = resultOf({ outcome }) as number;
  try {
    assert.ok(isAlive(escaped));
    assert.notEqual((await run('basics#noop')).pid, pid);
  } finally {
    process.kill(escaped, 'SIGKILL');
  }
});

test('with isolate every job has an executor of its own, forked ahead', async () => {
  const isolated = startPool({ isolate: true });
  isolated.pool.warm();
  const pids = [];
  for (let at = 0; at < 4; at++)
    pids.push(resultOf(await isolated.run('leaves#closedTimer').then(() => isolated.run('basics#pid'))));
  assert.equal(new Set(pids).size, 4);
});

test('the first job of a fresh executor does not pay for what the executor itself still prepares', async () => {
  for (let at = 0; at < 5; at++) {
    const fresh = startPool();
    assert.equal((await fresh.run('leaves#closedTimer')).outcome.kind, 'finished');
    assert.deepEqual(fresh.retired, []);
    await fresh.pool.close();
  }
});

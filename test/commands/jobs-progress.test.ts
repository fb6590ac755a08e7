/** `rqt jobs` that looks at many jobs for few, while each answer of Redis takes its time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const BAR = /\r[\d,]+ done {2}/;

/** 10,000 jobs, and a first one of another task, which is thus the last to be found. */
async function fillSlowly(space: Space) {
  const wanted = await space.enqueue('rare#task', '--group', 'g');
  await space.run(['enqueue', 'm#f', '--quiet', '--group', 'g', '--lines', '-'], { input: 'x\n'.repeat(10_000) });
  const proxy = await openProxy(redis);
  proxy.delay(30);
  return { wanted, proxy, env: { ...space.env, RQT_REDIS_URL: proxy.url, TERM: 'dumb', COLUMNS: '200' } };
}

for (const flags of [
  ['--task', 'rare#*'],
  ['--task', 'rare#*', '--json'],
  ['--group', 'g', '--task', 'rare#*'],
]) {
  test(`jobs ${flags.join(' ')}: on a terminal a line tells how many were looked at, and is gone before anything is printed`, {
    skip: noTerminal,
  }, async () => {
    const { env, wanted } = await fillSlowly(newSpace(redis));
    const jobs = startOnTerminal(['jobs', ...flags], env);
    assert.equal(await jobs.ended, 0);
    assert.match(jobs.shown, BAR);
    const rest = jobs.shown.slice(jobs.shown.lastIndexOf('\r\x1b[K'));
    assert.match(rest, new RegExp(wanted));
    assert.doesNotMatch(rest, BAR);
    assert.ok(!jobs.shown.slice(0, -rest.length).includes(wanted));
  });
}

test('no line is left of it where there are no such jobs, after Ctrl-C, and after a lost connection', {
  skip: noTerminal,
}, async () => {
  const { env, proxy } = await fillSlowly(newSpace(redis));
  const rest = (shown: string) => shown.slice(shown.lastIndexOf('\r\x1b[K')).replace('^C', '');
  const none = startOnTerminal(['jobs', '--task', 'no#such'], env);
  assert.equal(await none.ended, 0);
  assert.match(rest(none.shown), /^\r\x1b\[Kno such jobs [^\n]+\n$/);

  const stopped = startOnTerminal(['jobs', '--task', 'no#such'], env);
  await until('the line', () => BAR.test(stopped.shown));
  stopped.type('\x03');
  assert.equal(await stopped.ended, 130);
  assert.equal(rest(stopped.shown), '\r\x1b[K');

  const cut = startOnTerminal(['jobs', '--task', 'no#such'], env);
  await until('the line', () => BAR.test(cut.shown));
  await proxy.cutReply(0);
  assert.equal(await cut.ended, 69);
  assert.match(rest(cut.shown), /^\r\x1b\[Krqt: [^\n]+\n$/);
});

test('a pipe sees nothing of it', async () => {
  const space = newSpace(redis);
  const { env, wanted } = await fillSlowly(space);
  const { status, stdout, stderr } = await space.run(['jobs', '--task', 'rare#*', '--json'], { env });
  assert.deepEqual([status, stderr, linesOf(stdout).map(line => JSON.parse(line).id)], [0, '', [wanted]]);
});

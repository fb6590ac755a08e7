/** `rqt fsck` that does not come to its end, while each answer of Redis takes its time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;
const GHOSTS = 500;

/** A queue with ids of jobs that there are not; each takes a step of its own to mend. */
async function haunt(space: Space, count = GHOSTS): Promise<void> {
  await client.rpush(space.key('queue:default'), ...Array.from({ length: count }, (_, i) => `ghost${i}`));
  await client.sadd(space.key('queues'), space.key('queue:default'));
}

async function slowly(space: Space, args: readonly string[]) {
  const proxy = await openProxy(redis);
  proxy.delay(20);
  const running = space.start(['fsck', '--grace', '0', ...args], { env: { RQT_REDIS_URL: proxy.url } });
  return { proxy, running };
}

const left = (space: Space) => client.llen(space.key('queue:default'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`--fix that ${signal} ends has told all that it mended`, async () => {
    const space = newSpace(redis);
    await haunt(space);
    const { running } = await slowly(space, ['--fix']);
    await until('some are mended', async () => (await left(space)) < GHOSTS - 10);
    running.child.kill(signal);
    const ran = await running.ended;
    const done = GHOSTS - (await left(space));
    assert.ok(done > 10 && done < GHOSTS, `${done}`);
    assert.match(ran.stdout, new RegExp(`^queue-ghost  ${done}  ids on a queue without a job\n`));
    assert.match(ran.stdout, new RegExp(`\n  ${done} taken off the queue\n$`));
    const told = `rqt: interrupted: not all was looked at; ${done} findings so far, ${done} mended, 0 left to you (the same command begins again)\n`;
    assert.deepEqual([ran.status, ran.stderr], [{ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal], told]);
  });
}

test('--fix --json has a line for each that it mended, and none that sums up', async () => {
  const space = newSpace(redis);
  await haunt(space);
  const { running } = await slowly(space, ['--fix', '--json']);
  await until('some are mended', async () => (await left(space)) < GHOSTS - 10);
  running.child.kill('SIGINT');
  const ran = await running.ended;
  const lines = linesOf(ran.stdout).map(line => JSON.parse(line));
  assert.deepEqual([ran.status, lines.length], [130, GHOSTS - (await left(space))]);
  assert.ok(lines.every(({ kind, mended }) => kind === 'finding' && mended === 'taken off the queue'));
});

test('--fix that loses its connection has told all that it knows to be mended', async () => {
  const space = newSpace(redis);
  await haunt(space);
  const { running, proxy } = await slowly(space, ['--fix']);
  await until('some are mended', async () => (await left(space)) < GHOSTS - 10);
  await proxy.cutReply(0);
  const ran = await running.ended;
  const known = Number(/^queue-ghost {2}(\d+) /.exec(ran.stdout)?.[1]);
  const done = GHOSTS - (await left(space));
  assert.ok(known === done || known === done - 1, `${known} of ${done}`);
  assert.equal(ran.status, 69);
  assert.match(
    ran.stderr,
    new RegExp(`^rqt: the connection [^\n]+ was lost [^\n]+; ${known} findings so far, ${known} mended, [^\n]+\n$`),
  );
});

test('a signal ends the time between two looks, too, and nothing was changed', async () => {
  const space = newSpace(redis);
  await haunt(space, 1);
  await client.hset(space.key('worker:py'), { birth: '2026-01-01T00:00:00.000000Z', queues: 'default' });
  await client.expire(space.key('worker:py'), 3600);
  await client.sadd(space.key('workers'), space.key('worker:py'));
  const before = await dumpKeys(client, space.namespace);
  const running = space.start(['fsck', '--grace', '1h']);
  await until('it waits', () => running.printed.stderr.includes('looking again'));
  running.child.kill('SIGINT');
  const ran = await running.ended;
  const told = 'rqt: interrupted: not all was looked at; 0 findings so far, nothing was changed (the same command begins again)';
  assert.deepEqual([ran.status, ran.stdout, linesOf(ran.stderr).at(-1)], [130, '', told]);
  assert.deepEqual(await dumpKeys(client, space.namespace), before);
});

test('no progress bar is left on a terminal', { skip: noTerminal }, async () => {
  const space = newSpace(redis);
  await space.run(['enqueue', 'm#f', '--quiet', '--lines', '-'], { input: 'x\n'.repeat(50_000) });
  const proxy = await openProxy(redis);
  proxy.delay(50);
  const fsck = startOnTerminal(['fsck'], { ...space.env, RQT_REDIS_URL: proxy.url });
  await until('the bar', () => / done /.test(fsck.shown));
  fsck.type('\x03');
  assert.equal(await fsck.ended, 130);
  const rest = fsck.shown.slice(fsck.shown.lastIndexOf(' done '));
  assert.match(rest.replace('^C', ''), /\r\x1b\[Krqt: interrupted: [^\n]+\r\n$/);
});

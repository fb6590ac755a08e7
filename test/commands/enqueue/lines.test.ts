import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openProxy } from '../../helpers/proxy.ts';
import { startRedis } from '../../helpers/redis.ts';
import { readRqJob } from '../../helpers/rq-reader.ts';
import type { Running } from '../../helpers/rqt.ts';
import { linesOf, newFolder, newSpace, type Space } from '../../helpers/space.ts';
import { until } from '../../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

async function queuedArgs(space: Space, queue = 'default'): Promise<unknown[][]> {
  const ids = await client.lrange(space.key(`queue:${queue}`), 0, -1);
  return Promise.all(ids.map(async id => (await readRqJob(client, space.namespace, id)).call[2]));
}

test('--lines makes one job of each line of a file, the line being its last argument', async () => {
  const space = newSpace(redis);
  const file = join(newFolder({ in: 'one\ntwo words\n:{"not":"json"}\n%x\nk=v\n' }), 'in');
  const ran = await space.run(['enqueue', 'm#f', 'first', 'k=1', '--lines', file]);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.deepEqual(linesOf(ran.stdout), await client.lrange(space.key('queue:default'), 0, -1));
  assert.deepEqual(
    await queuedArgs(space),
    ['one', 'two words', ':{"not":"json"}', '%x', 'k=v'].map(line => ['first', line]),
  );
  const id = linesOf(ran.stdout)[0] ?? '';
  assert.deepEqual((await readRqJob(client, space.namespace, id)).call[3], { k: '1' });
});

test('--lines - reads standard input', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-'], { input: 'a\nb' });
  assert.equal(linesOf(ran.stdout).length, 2);
  assert.deepEqual(await queuedArgs(space), [['a'], ['b']]);
});

test('5,000 lines become 5,000 jobs in their order, one id a line', async () => {
  const space = newSpace(redis);
  const lines = Array.from({ length: 5000 }, (_, n) => `line ${n} ä`);
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-', '-q', 'bulk'], { input: `${lines.join('\n')}\n` });
  assert.equal(ran.status, 0);
  assert.equal(ran.stderr, '');
  const ids = linesOf(ran.stdout);
  assert.equal(new Set(ids).size, 5000);
  assert.deepEqual(await client.lrange(space.key('queue:bulk'), 0, -1), ids);
  assert.deepEqual(
    await queuedArgs(space, 'bulk'),
    lines.map(line => [line]),
  );
});

test('5,000 lines are sent in batches', async () => {
  const space = newSpace(redis);
  await client.config('RESETSTAT');
  await space.run(['enqueue', 'm#f', '--lines', '-', '--quiet'], { input: 'x\n'.repeat(5000) });
  const stats = await client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_(?:eval|evalsha):calls=(\d+)/g)].reduce((sum, [, number]) => sum + Number(number), 0);
  assert.ok(calls >= 5 && calls <= 50, `${calls} scripts`);
  assert.equal(await client.llen(space.key('queue:default')), 5000);
});

test('a line that is not UTF-8 is named with 65, and nothing is enqueued', async () => {
  const space = newSpace(redis);
  const good = Buffer.from('good\n'.repeat(1000));
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-'], {
    input: Buffer.concat([good, Buffer.from([0x61, 0xff, 0x0a])]),
  });
  assert.deepEqual([ran.status, ran.stdout], [65, '']);
  assert.match(ran.stderr, /^rqt: line 1001 of standard input is not UTF-8[^\n]*\n$/);
  assert.deepEqual(await space.keys(), []);
});

test('a line longer than 1 MiB is named with 65, and nothing is enqueued', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-'], { input: `short\n${'x'.repeat(2 ** 20 + 1)}\n` });
  assert.deepEqual([ran.status, ran.stdout], [65, '']);
  assert.match(ran.stderr, /^rqt: line 2 of standard input is longer than 1 MiB[^\n]*\n$/);
  assert.deepEqual(await space.keys(), []);
});

for (const [what, path, says] of [
  ['a missing file', '/nowhere/in', 'there is no such file'],
  ['a directory', '/', 'it is a directory'],
  ['a file that cannot be read', '/proc/self/mem', 'it cannot be read'],
] as const) {
  test(`--lines on ${what} ends with 66 and one line`, {
    skip: path.startsWith('/proc') && process.platform !== 'linux',
  }, async () => {
    const space = newSpace(redis);
    const ran = await space.run(['enqueue', 'm#f', '--lines', path]);
    assert.deepEqual([ran.status, ran.stdout], [66, '']);
    assert.match(ran.stderr, new RegExp(`^rqt: --lines ${path}: ${says}[^\\n]*\\n$`));
    assert.deepEqual(await space.keys(), []);
  });
}

test('empty input enqueues nothing and succeeds in silence', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-'], { input: '' });
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
  assert.deepEqual(await space.keys(), []);
});

test('line ends of Windows, a byte order mark and empty lines make no arguments', async () => {
  const space = newSpace(redis);
  await space.run(['enqueue', 'm#f', '--lines', '-'], { input: '\ufeffa\r\n\r\n\nb\r\n' });
  assert.deepEqual(await queuedArgs(space), [['a'], ['b']]);
});

test('--lines with --unique enqueues each line once, however often it comes', async () => {
  const space = newSpace(redis);
  const run = () => space.run(['enqueue', 'm#f', '--unique', '--lines', '-'], { input: 'a\nb\na\na\n' });
  const [first, second] = [await run(), await run()];
  const [a, b, ...more] = linesOf(first.stdout);
  assert.deepEqual(more, [a, a]);
  assert.equal(second.stdout, first.stdout);
  assert.deepEqual([first.status, second.status], [0, 0]);
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), [a, b]);
});

test('--lines with --unique --json says of each line whether it was enqueued', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--unique', '--json', '--lines', '-'], { input: 'a\nb\na\n' });
  assert.deepEqual(
    linesOf(ran.stdout).map(line => JSON.parse(line).enqueued),
    [true, true, false],
  );
});

test('--lines with --quiet prints nothing', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--quiet', '--lines', '-'], { input: 'a\nb\n' });
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
  assert.equal(await client.llen(space.key('queue:default')), 2);
});

test('--lines with --job-id is refused: one id cannot name many jobs', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--job-id', 'X', '--lines', '-'], { input: 'a\n' });
  assert.equal(ran.status, 64);
  assert.match(ran.stderr, /^rqt: [^\n]*--unique[^\n]*\n$/);
  assert.deepEqual(await space.keys(), []);
});

test('--lines heeds the other flags for every job', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-', '--timeout', '5m', '--description', 'D'], { input: 'a\nb\n' });
  for (const id of linesOf(ran.stdout)) {
    const { fields } = await readRqJob(client, space.namespace, id);
    assert.deepEqual([fields.timeout, fields.description], ['300', 'D']);
  }
});

test('enqueue goes on with its lines when the reader of the ids goes away', async () => {
  const space = newSpace(redis);
  const running = space.start(['enqueue', 'm#f', '--lines', '-'], { input: 'x\n'.repeat(20_000) });
  running.child.stdout?.once('data', () => running.child.stdout?.destroy());
  assert.equal((await running.ended).status, 0);
  assert.equal(await client.llen(space.key('queue:default')), 20_000);
});

/** `enqueue --lines` in the middle of 20,000 lines: each answer of Redis takes its time. */
async function startSlow(space: Space, ...flags: string[]): Promise<Running> {
  const proxy = await openProxy(redis);
  proxy.delay(50);
  const running = space.start(['enqueue', 'm#f', '--lines', '-', ...flags], {
    input: 'x\n'.repeat(20_000),
    env: { RQT_REDIS_URL: proxy.url },
  });
  await until('some are enqueued', async () => (await client.llen(space.key('queue:default'))) >= 500);
  return running;
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} in the midst of lines: the batch under way is finished and printed, the rest is left out, and that is said`, async () => {
    const space = newSpace(redis);
    const running = await startSlow(space);
    running.child.kill(signal);
    const ran = await running.ended;
    const ids = await client.lrange(space.key('queue:default'), 0, -1);
    assert.ok(ids.length >= 500 && ids.length < 20_000, `${ids.length}`);
    assert.deepEqual(linesOf(ran.stdout), ids);
    const line = `rqt: interrupted: the first ${ids.length} of 20000 lines were enqueued, those behind them were not\n`;
    assert.deepEqual([ran.status, ran.stderr], [status, line]);
  });
}

test('an interrupted --lines --quiet says on stderr how far it came', async () => {
  const running = await startSlow(newSpace(redis), '--quiet');
  running.child.kill('SIGINT');
  const ran = await running.ended;
  assert.deepEqual([ran.status, ran.stdout], [130, '']);
  assert.match(ran.stderr, /^rqt: interrupted: the first \d+ of 20000 lines were enqueued, those behind them were not\n$/);
});

test('a second signal does not wait for the batch', async () => {
  const own = await startRedis();
  const space = newSpace(own);
  const running = space.start(['enqueue', 'm#f', '--lines', '-'], { input: 'x\n'.repeat(500_000) });
  await until('some are enqueued', () => running.printed.stdout !== '');
  own.pause();
  // The second one comes when the first one was heard; which that is cannot be seen from outside.
  const again = setInterval(() => running.child.kill('SIGTERM'), 100);
  assert.equal((await running.ended).signal, 'SIGTERM');
  clearInterval(again);
  own.resume();
});

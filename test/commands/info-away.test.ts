/** `rqt info -i` and a Redis that goes away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { startRqt } from '../helpers/rqt.ts';
import { linesOf, newSpace } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';
import { newHome, redisCli, serverPid } from '../store/fixtures/homes.ts';

const AWAY = /Redis (is away|has been away for \d+ s) \([^\n]+\): going on when it is back/;

test('a Redis that is away at the first look is 69 and one line', async () => {
  const redis = await startRedis();
  await redis.kill('SIGKILL');
  const { status, stdout, stderr } = await newSpace(redis).run(['info', '-i', '0.05']);
  assert.deepEqual([status, stdout], [69, '']);
  assert.match(stderr, /^rqt: [^\n]+\n$/);
});

test('a Redis that goes away during the first look is 69 and one line', async () => {
  const redis = await startRedis();
  const proxy = await openProxy(redis);
  const space = newSpace(redis);
  const cut = proxy.cutReply(1, request => /smembers/i.test(request));
  const { status, stdout, stderr } = await space.run(['info', '-i', '0.05'], { env: { RQT_REDIS_URL: proxy.url } });
  await cut;
  assert.deepEqual([status, stdout], [69, '']);
  assert.match(stderr, /^rqt: the connection to Redis at [^\n]+ was lost [^\n]+: try again\n$/);
});

for (const flags of [[], ['--json'], ['--raw']]) {
  test(`into a pipe${['', ...flags].join(' ')} a Redis that goes away later is told once, nothing is printed meanwhile, and it goes on`, async () => {
    const redis = await startRedis();
    const space = newSpace(redis);
    await space.enqueue('m#f');
    const info = space.start(['info', '-i', '0.05', ...flags]);
    await until('a picture', () => info.printed.stdout.includes('default'));
    await redis.kill('SIGKILL');
    await until('it tells', () => info.printed.stderr !== '');
    const before = info.printed.stdout;
    await redis.start();
    await space.enqueue('m#f', '-q', 'after');
    await until('a picture of the new Redis', () => info.printed.stdout.includes('after'));
    info.child.kill('SIGINT');
    const { status, stdout, stderr } = await info.ended;
    assert.equal(status, 0);
    assert.match(stderr, new RegExp(`^rqt: ${AWAY.source}\n$`));
    assert.ok(stdout.startsWith(before));
    if (flags[0] === '--json') for (const line of linesOf(stdout)) assert.equal(JSON.parse(line).kind, 'info');
  });
}

test('each absence is told', async () => {
  const redis = await startRedis();
  const space = newSpace(redis);
  const info = space.start(['info', '-i', '0.05', '--raw']);
  await space.enqueue('m#f');
  for (const times of [1, 2]) {
    const printed = info.printed.stdout.length;
    await until('a picture', () => info.printed.stdout.length > printed);
    await redis.kill('SIGKILL');
    await until('it tells', () => linesOf(info.printed.stderr).length === times);
    await redis.start();
    await space.enqueue('m#f');
  }
  info.child.kill('SIGTERM');
  assert.equal((await info.ended).status, 143);
});

test('on a terminal the last picture stays, marked, until Redis is back', { skip: noTerminal }, async () => {
  const redis = await startRedis();
  const space = newSpace(redis);
  await space.enqueue('m#f', '-q', 'before');
  const info = startOnTerminal(['info', '-i', '0.05'], space.env);
  await until('a picture', () => info.shown.includes('before'));
  await redis.kill('SIGKILL');
  await until('the mark counts', () => /away for ([3-9]|\d\d) s \(connect E/.test(info.shown));
  const marked = info.shown.split('\x1b[H').at(-1) ?? '';
  assert.match(marked, AWAY);
  assert.match(marked, /before/);
  await redis.start();
  await space.enqueue('m#f', '-q', 'after');
  await until('a picture of the new Redis', () => info.shown.includes('after'));
  assert.doesNotMatch(info.shown.split('\x1b[H').at(-1) ?? '', /away/);
  info.type('\x03');
  assert.equal(await info.ended, 0);
});

test('however long the interval, the mark comes at once, and the next picture as soon as Redis is back', {
  skip: noTerminal,
}, async () => {
  const redis = await startRedis();
  const space = newSpace(redis);
  const info = startOnTerminal(['info', '-i', '3600'], space.env);
  await until('a picture', () => info.shown.includes('0 queues'));
  await redis.kill('SIGKILL');
  await until('the mark', () => AWAY.test(info.shown));
  await redis.start();
  await until(
    'a new picture',
    () => info.shown.split('0 queues').length > 2 && !AWAY.test(info.shown.split('\x1b[H').at(-1) ?? ''),
  );
  info.type('\x03');
  assert.equal(await info.ended, 0);
});

test('Ctrl-C ends it while Redis is away, and gives the cursor back', { skip: noTerminal }, async () => {
  const redis = await startRedis();
  const info = startOnTerminal(['info', '-i', '0.05'], newSpace(redis).env);
  await until('a picture', () => info.shown.includes('0 queues'));
  await redis.kill('SIGKILL');
  await until('the mark', () => AWAY.test(info.shown));
  info.type('\x03');
  assert.equal(await info.ended, 0);
  assert.ok(info.shown.lastIndexOf('\x1b[?25h') > info.shown.lastIndexOf('\x1b[H'));
});

test('a Redis that hangs is told, and Ctrl-C ends it at once', { skip: noTerminal }, async () => {
  const redis = await startRedis();
  const info = startOnTerminal(['info', '-i', '0.05'], newSpace(redis).env);
  await until('a picture', () => info.shown.includes('0 queues'));
  redis.pause();
  await until('the mark', () => /Redis has not answered for \d+ s: going on when it does/.test(info.shown));
  redis.resume();
  await until('a picture without it', () => !/not answered/.test(info.shown.split('\x1b[H').at(-1) ?? ''));
  redis.pause();
  await until('the mark again', () => /not answered/.test(info.shown.split('\x1b[H').at(-1) ?? ''));
  const typedAt = Date.now();
  info.type('\x03');
  assert.equal(await info.ended, 0);
  assert.ok(Date.now() - typedAt < 20_000, 'it waited for the connection to time out');
  redis.resume();
});

test('wherever an answer is cut off, it goes on', async () => {
  const redis = await startRedis();
  const space = newSpace(redis);
  for (const name of ['a', 'b', 'c']) await space.enqueue('m#f', '-q', name);
  const proxy = await openProxy(redis);
  const info = space.start(['info', '-i', '0.02', '--raw'], { env: { RQT_REDIS_URL: proxy.url } });
  await until('a picture', () => info.printed.stdout.includes('queue c 1'));
  for (const bytes of [0, 1, 3, 4, 5, 9, 13, 17, 21, 33, 50]) {
    for (const what of [/smembers/i, /llen/i, /hget/i]) {
      await proxy.cutReply(bytes, request => what.test(request));
      const printed = info.printed.stdout.length;
      await until('a whole picture after that', () => info.printed.stdout.slice(printed).includes('queue c 1'));
    }
  }
  info.child.kill('SIGINT');
  const { status, stderr } = await info.ended;
  assert.equal(status, 0, stderr);
});

test('a Redis that answers, but cannot tell anything yet, is waited for', async () => {
  const redis = await startRedis('--replica-serve-stale-data', 'no');
  const info = newSpace(redis).start(['info', '-i', '0.05']);
  await until('a picture', () => info.printed.stdout !== '');
  await redis.client.replicaof('127.0.0.1', 1);
  await until('it tells', () => /\(MASTERDOWN [^\n]+\): going on when it is back\n$/.test(info.printed.stderr));
  await redis.client.replicaof('NO', 'ONE');
  const printed = info.printed.stdout.length;
  await until('a picture', () => info.printed.stdout.length > printed);
  info.child.kill('SIGTERM');
  assert.equal((await info.ended).status, 143);
});

test('a Redis that is back with another password ends it with 78', async () => {
  const redis = await startRedis();
  for (const url of [redis.url, `unix://:sesame@${redis.socket}`]) {
    const info = newSpace(redis).start(['info', '-i', '0.05'], { env: { RQT_REDIS_URL: url } });
    await until('a picture', () => info.printed.stdout !== '');
    await redis.client.config('SET', 'requirepass', 'tahini');
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const { status, stderr } = await info.ended;
    assert.equal(status, 78, stderr);
    assert.match(linesOf(stderr).at(-1) ?? '', /wants a password|refuses the user or the password/);
    await redis.client.config('SET', 'requirepass', url === redis.url ? 'sesame' : '');
  }
});

test('a private server that was killed is started again; one that was stopped is told, and seen when any command starts it', {
  skip: noTerminal,
}, async () => {
  const home = newHome();
  const env = { RQT_HOME: home };
  const info = startOnTerminal(['info', '-i', '0.05'], env);
  await until('a picture', () => info.shown.includes('0 queues'));
  const first = await serverPid(home);
  process.kill(first, 'SIGKILL');
  await until('another server', () =>
    serverPid(home).then(
      pid => pid !== first,
      () => false,
    ),
  );
  redisCli(home, 'SADD', 'rq:queues', 'rq:queue:again');
  await until('a picture of it', () => info.shown.includes('again'));
  assert.equal((await startRqt(['redis', 'stop'], { env }).ended).status, 0);
  await until('it says why', () => /away for \d+ s \([^\n]*\): the private Redis in [^\n]+ was stopped/.test(info.shown));
  assert.equal((await startRqt(['enqueue', 'm#f', '-q', 'later'], { env }).ended).status, 0);
  await until('a picture', () => info.shown.includes('later'));
  info.type('\x03');
  assert.equal(await info.ended, 0);
});

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { rqt } from '../helpers/rqt.ts';
import { newFolder } from '../helpers/space.ts';

/** A socket that takes connections and never answers. */
const silent = join(newFolder(), 'silent.sock');
const sockets = new Set<Socket>();
const server = createServer(socket => sockets.add(socket));
await new Promise<void>(resolve => server.listen(silent, resolve));
after(() => {
  server.close();
  for (const socket of sockets) socket.destroy();
});

const NOT_REDIS = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/** A socket that does this to each connection. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(newFolder(), 'other.sock');
  const other = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>(resolve => other.listen(path, resolve));
  after(() => other.close());
  return path;
}

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  rqt(args, { env: { RQT_REDIS_URL: `unix://${silent}`, RQT_HOME: newFolder(), ...env } });

for (const command of [['enqueue', 'm#f'], ['info'], ['worker', '--burst'], ['wait', 'j'], ['enqueue', 'm#f', '--wait']]) {
  test(`a Redis that never answers ends ${command.join(' ')} with 69 when --connect-timeout is over`, async () => {
    const ran = await run([...command, '--connect-timeout', '0.2']);
    assert.deepEqual([ran.status, ran.stdout], [69, '']);
    assert.match(
      ran.stderr,
      /^rqt: Redis at unix:.*silent\.sock \(from RQT_REDIS_URL\) cannot be reached: no answer within 0\.2 s \(see that it is up, or correct RQT_REDIS_URL\)\n$/,
    );
  });
}

test('RQT_CONNECT_TIMEOUT is the same, and the flag goes before it', async () => {
  assert.match((await run(['info'], { RQT_CONNECT_TIMEOUT: '0.3s' })).stderr, /no answer within 0\.3 s/);
  assert.match(
    (await run(['info', '--connect-timeout', '0.1'], { RQT_CONNECT_TIMEOUT: '0.3s' })).stderr,
    /no answer within 0\.1 s/,
  );
});

test('nobody there is told at once, with 69', async () => {
  const ran = await rqt(['info', '-u', 'redis://127.0.0.1:1']);
  assert.equal(ran.status, 69);
  assert.match(ran.stderr, /ECONNREFUSED/);
});

for (const command of [['info'], ['enqueue', 'm#f'], ['worker', '--burst']]) {
  test(`what answers ${command.join(' ')} without speaking Redis's protocol is 69 and told as that`, async () => {
    const ran = await run(command, { RQT_REDIS_URL: `unix://${await listen(socket => socket.write(NOT_REDIS))}` });
    assert.deepEqual([ran.status, ran.stdout], [69, '']);
    assert.match(
      ran.stderr,
      /^rqt: Redis at unix:[^\n]+ cannot be reached: what answers there does not speak Redis's protocol \(correct RQT_REDIS_URL\)\n$/,
    );
  });
}

test('what hangs up on the greeting is 69, and perhaps no Redis', async () => {
  for (const answer of ['', NOT_REDIS]) {
    const ran = await run(['info'], { RQT_REDIS_URL: `unix://${await listen(socket => socket.end(answer).destroySoon())}` });
    assert.deepEqual([ran.status, ran.stdout], [69, '']);
    assert.match(
      ran.stderr,
      /closed the connection without an answer \(see that it is a Redis, and up, or |what answers there does not/,
    );
    assert.doesNotMatch(ran.stderr, /EPIPE|report this/);
  }
});

test('a stopped Redis is one that never answers', async () => {
  const redis = await startRedis();
  const pid = Number(/process_id:(\d+)/.exec(await redis.client.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  try {
    assert.equal((await run(['enqueue', 'm#f', '--connect-timeout', '0.2s'], { RQT_REDIS_URL: redis.url })).status, 69);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a time that is none is 64 as a flag and 78 as a variable', async () => {
  for (const time of ['0', '-1', 'soon', '']) assert.equal((await run(['info', `--connect-timeout=${time}`])).status, 64, time);
  const ran = await run(['info'], { RQT_CONNECT_TIMEOUT: 'soon' });
  assert.equal(ran.status, 78);
  assert.match(ran.stderr, /^rqt: RQT_CONNECT_TIMEOUT: .*'soon' is not a duration/);
});

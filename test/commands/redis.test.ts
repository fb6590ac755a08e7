import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { rqt } from '../helpers/rqt.ts';
import { linesOf } from '../helpers/space.ts';
import { newHome, serverPid } from '../store/fixtures/homes.ts';

test('status of a server that does not run says so with 1, and starts none', async () => {
  const home = newHome();
  const ran = await rqt(['redis', 'status'], { env: { RQT_HOME: home } });
  assert.equal(ran.status, 1);
  assert.match(ran.stdout, /^not running; the next command starts it\n/);
  assert.match(ran.stdout, new RegExp(`home +${home}`));
  assert.deepEqual(readdirSync(home), []);
});

test('status of a running server tells its process, version, socket and home', async () => {
  const home = newHome();
  await rqt(['info'], { env: { RQT_HOME: home } });
  const ran = await rqt(['redis', 'status'], { env: { RQT_HOME: home } });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.match(ran.stdout, new RegExp(`^running +pid ${await serverPid(home)}, (Redis|Valkey) \\d+\\.\\d+`));
  assert.match(ran.stdout, new RegExp(`socket +${home}/redis.sock`));
});

test('status --json is one document of version 1', async () => {
  const home = newHome();
  const read = async () => JSON.parse((await rqt(['redis', 'status', '--json'], { env: { RQT_HOME: home } })).stdout);
  const common = { version: 1, kind: 'redis', home, url: `unix://${home}/redis.sock` };
  const { log, data_bytes, ...absent } = await read();
  const none = { pid: null, program: null, program_version: null, uptime_seconds: null, memory_bytes: null };
  assert.deepEqual(absent, { ...common, running: false, ...none, connections: null, loading: null });
  assert.deepEqual([log, data_bytes], [join(home, 'redis.log'), 0]);
  await rqt(['info'], { env: { RQT_HOME: home } });
  const { pid, program_version, memory_bytes, ...running } = await read();
  assert.equal(running.running, true);
  assert.equal(pid, await serverPid(home));
  assert.match(program_version, /^\d+\.\d+/);
  assert.ok(memory_bytes > 0);
});

test('url prints the URL alone, and every command takes it', async () => {
  const home = join(newHome(), 'a b%c #?ö');
  mkdirSync(home);
  try {
    const id = (await rqt(['enqueue', 'hello#hello'], { env: { RQT_HOME: home } })).stdout;
    const { stdout: url, status } = await rqt(['redis', 'url'], { env: { RQT_HOME: home } });
    assert.equal(status, 0);
    assert.match(url, /^unix:\/\/\S+\n$/);
    const ran = await rqt(['status', id.trim(), '--url', url.trim()]);
    assert.deepEqual([ran.status, ran.stderr], [0, '']);
  } finally {
    await rqt(['redis', 'stop'], { env: { RQT_HOME: home } });
  }
});

test('url starts no server', async () => {
  const home = newHome();
  assert.equal((await rqt(['redis', 'url'], { env: { RQT_HOME: home } })).stdout, `unix://${home}/redis.sock\n`);
  assert.equal(existsSync(join(home, 'redis.sock')), false);
});

test('stop ends the server, and the next command finds its data', async () => {
  const home = newHome();
  const env = { RQT_HOME: home };
  const id = (await rqt(['enqueue', 'hello#hello'], { env })).stdout.trim();
  const stopped = await rqt(['redis', 'stop'], { env });
  assert.deepEqual([stopped.status, stopped.stdout], [0, 'stopped; its data are kept\n']);
  assert.equal((await rqt(['redis', 'status'], { env })).status, 1);
  const { queues } = JSON.parse((await rqt(['info', '--json'], { env })).stdout);
  assert.equal(queues[0].queued, 1);
  assert.equal((await rqt(['status', id], { env })).status, 0);
});

test('stop of a server that does not run is no error', async () => {
  const ran = await rqt(['redis', 'stop'], { env: { RQT_HOME: newHome() } });
  assert.deepEqual([ran.status, linesOf(ran.stdout)], [0, ['it was not running']]);
});

test('a Redis that was named by a URL is not managed', async () => {
  const redis = await startRedis();
  for (const verb of ['status', 'url', 'stop']) {
    const ran = await rqt(['redis', verb], { env: { REDIS_URL: redis.url } });
    assert.deepEqual([ran.status, ran.stdout], [1, '']);
    assert.match(ran.stderr, /^rqt: rqt does not manage the Redis named by REDIS_URL[^\n]*\n$/);
  }
  assert.equal(await redis.client.ping(), 'PONG');
});

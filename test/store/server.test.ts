import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { serverStatus, socketPath, startServer, stopServer } from '../../src/store/server/index.ts';
import { findServerProgram } from '../../src/store/server/program.ts';
import { rqt } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { newHome, redisCli, serverPid, serversIn } from './fixtures/homes.ts';

test('a started server keeps acknowledged writes through kill -9', async () => {
  const home = newHome();
  await startServer(home);
  for (let n = 0; n < 200; n++) redisCli(home, 'RPUSH', 'list', String(n));
  process.kill(await serverPid(home), 'SIGKILL');
  await startServer(home);
  assert.equal(redisCli(home, 'LLEN', 'list'), '200');
});

test('a start waits until the data are loaded', async () => {
  const home = newHome();
  await startServer(home);
  redisCli(home, 'EVAL', "for i = 1, 300000 do redis.call('SET', 'key:' .. i, i) end", '0');
  process.kill(await serverPid(home), 'SIGKILL');
  await startServer(home);
  assert.equal(redisCli(home, 'DBSIZE'), '300000');
});

test('the server syncs each write, evicts nothing and listens on its socket alone', async () => {
  const home = newHome();
  await startServer(home);
  const setting = (name: string) => redisCli(home, 'CONFIG', 'GET', name).split('\n')[1];
  assert.equal(setting('appendfsync'), 'always');
  assert.equal(setting('appendonly'), 'yes');
  assert.equal(setting('maxmemory-policy'), 'noeviction');
  assert.equal(setting('save') ?? '', '');
  assert.equal(setting('port'), '0');
  assert.equal(statSync(socketPath(home)).mode & 0o777, 0o700);
});

test('the sync of writes can be relaxed', async () => {
  const home = newHome();
  await startServer(home, { fsync: 'everysec' });
  assert.match(redisCli(home, 'CONFIG', 'GET', 'appendfsync'), /everysec/);
});

test('a folder with blanks, quotes and letters beyond ASCII is as good as any', async () => {
  const home = join(newHome(), `it's "ö" \\n`);
  await startServer(home);
  assert.equal(redisCli(home, 'SET', 'a', 'b'), 'OK');
  assert.ok(existsSync(socketPath(home)));
  await stopServer(home);
});

test('status tells of a server whether it runs, and never starts one', async () => {
  const home = newHome();
  const before = await serverStatus(home);
  assert.deepEqual(before, { running: false, home, socket: socketPath(home), log: join(home, 'redis.log'), dataBytes: 0 });

  await startServer(home);
  redisCli(home, 'SET', 'key', 'x'.repeat(10_000));
  const running = await serverStatus(home);
  assert.ok(running.running);
  assert.deepEqual(serversIn(home), [running.pid]);
  assert.match(running.version, /^\d+\.\d+\.\d+/);
  assert.ok(running.memoryBytes > 10_000);
  assert.ok(running.dataBytes > 10_000);
  assert.equal(running.loading, false);
});

test('stop ends the server, keeps its data, and is content with a stopped one', async () => {
  const home = newHome();
  assert.equal(await stopServer(home), false);
  assert.equal(await stopServer(join(home, 'nowhere')), false);
  await startServer(home);
  redisCli(home, 'SET', 'key', 'value');
  assert.equal(await stopServer(home), true);
  assert.deepEqual(serversIn(home), []);
  assert.equal((await serverStatus(home)).running, false);
  assert.equal(await stopServer(home), false);
  await startServer(home);
  assert.equal(redisCli(home, 'GET', 'key'), 'value');
});

test('the folder is for nobody but its owner', async () => {
  const home = newHome();
  chmodSync(home, 0o777);
  await startServer(home);
  assert.equal(statSync(home).mode & 0o777, 0o700);
});

test("another user's folder is refused", async () => {
  const isRoot = process.getuid?.() === 0;
  const home = isRoot ? newHome() : '/usr';
  if (isRoot) chownSync(home, 12345, 12345);
  await assert.rejects(startServer(home), { code: 'config', message: /belongs to user \d+ and this is user \d+: set RQT_HOME/ });
});

test('a folder that cannot be made is a configuration error that names RQT_HOME', async () => {
  const file = join(newHome(), 'file');
  writeFileSync(file, '');
  await assert.rejects(startServer(join(file, 'home')), { code: 'config', message: /Set RQT_HOME/ });
});

test('without a server program the error says how to install one here', async () => {
  const bin = newHome();
  const start = () => startServer(newHome(), { searchPath: bin });
  await assert.rejects(start(), { code: 'unreachable', message: /no redis-server or valkey-server.*RQT_REDIS_URL/ });
  symlinkSync('/bin/true', join(bin, 'apk'));
  await assert.rejects(start(), { message: /install one with: (sudo )?apk add redis/ });
});

test('valkey-server serves where there is no redis-server', async () => {
  const bin = newHome();
  const home = newHome();
  symlinkSync(findServerProgram(process.env.PATH ?? ''), join(bin, 'valkey-server'));
  await startServer(home, { searchPath: bin });
  assert.equal(redisCli(home, 'PING'), 'PONG');
});

test('a server that cannot start is told in one line: its last words, its log, and 78', async () => {
  const home = newHome();
  writeFileSync(join(home, 'appendonlydir'), 'a file where Redis wants a folder');
  writeFileSync(join(home, 'appendonly.aof'), 'and this is no command');
  await assert.rejects(startServer(home), {
    code: 'brokenServer',
    message: new RegExp(
      `^the private Redis in ${home} cannot start: [A-Z][^\\n]*(AOF|append)[^\\n]* \\(see ${home}/redis.log\\)[^\\n]*$`,
      'i',
    ),
  });
});

test('damaged data: the line has the command that repairs them, with its path, and the command works', async () => {
  const home = newHome();
  await startServer(home);
  redisCli(home, 'SET', 'key', 'value');
  const before = statSync(dataFile(home)).size;
  redisCli(home, 'SET', 'key', 'lost');
  await stopServer(home);
  const data = readFileSync(dataFile(home));
  writeFileSync(dataFile(home), Buffer.concat([data.subarray(0, before), Buffer.from('garbage\r\n'), data.subarray(before)]));

  const ran = await rqt(['info'], { env: { RQT_HOME: home } });
  assert.deepEqual([ran.status, ran.stdout], [78, '']);
  const [line = '', ...rest] = ran.stderr.trimEnd().split('\n');
  assert.deepEqual(rest, []);
  assert.ok(line.includes(`(see ${home}/redis.log); make a copy of ${home}, then`), line);
  const repair = /\S+-check-aof --fix .*$/.exec(line)?.[0] ?? '';
  execFileSync('sh', ['-c', repair], { input: 'y\n' });
  await startServer(home);
  assert.equal(redisCli(home, 'GET', 'key'), 'value');
});

test('with --spool a job is kept while the private server cannot start', async () => {
  const home = newHome();
  writeFileSync(join(home, 'appendonlydir'), 'a file where Redis wants a folder');
  const ran = await rqt(['enqueue', '--spool', 'hello#hello'], { env: { RQT_HOME: home } });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /cannot start.*; the job is kept in /);
});

test('a server program that is killed at its start is no damage: 69', async () => {
  const bin = newHome();
  const home = newHome();
  writeFileSync(join(bin, 'redis-server'), '#!/bin/sh\nkill -KILL $$\n', { mode: 0o755 });
  await assert.rejects(startServer(home, { searchPath: bin }), {
    code: 'unreachable',
    message: `the private Redis in ${home} did not start: it ended with SIGKILL; see ${home}/redis.log`,
  });
});

test('a server that loads for longer than the deadline is a case for trying again', async () => {
  const home = newHome();
  const loading = createServer(client => client.on('data', () => client.write('-LOADING Redis is loading the dataset\r\n')));
  await new Promise<void>(resolve => loading.listen(socketPath(home), resolve));
  await assert.rejects(startServer(home, { deadlineMs: 50 }), { code: 'tryAgain', message: /still loading/ });
  await new Promise(resolve => loading.close(resolve));
});

test('the log is bounded: a long one is set aside at the next start', async () => {
  const home = newHome();
  writeFileSync(join(home, 'redis.log'), 'x'.repeat(1_100_000));
  await startServer(home);
  assert.ok(statSync(join(home, 'redis.log')).size < 100_000);
  assert.equal(statSync(join(home, 'redis.log.old')).size, 1_100_000);
});

test('the server keeps none of the streams of the command that started it', async () => {
  const home = newHome();
  const starter = join(import.meta.dirname, 'fixtures', 'start-server.js');
  const shell = '"$0" "$1" "$2" </dev/null 2>&1 7>&1 | cat';
  const printed = execFileSync('sh', ['-c', shell, process.execPath, starter, home], { timeout: 30_000 }).toString();
  assert.equal(printed, `ready\n${await serverPid(home)}\n`);
});

test('a server killed while nobody looks is gone from status', async () => {
  const home = newHome();
  await startServer(home);
  process.kill(await serverPid(home), 'SIGKILL');
  await until('the status says so', async () => !(await serverStatus(home)).running);
  mkdirSync(join(home, 'appendonlydir'), { recursive: true });
  assert.equal(await stopServer(home), false);
});

/** The file that the server appends to; before Redis 7 there is only one. */
function dataFile(home: string): string {
  const folder = join(home, 'appendonlydir');
  if (!existsSync(folder)) return join(home, 'appendonly.aof');
  return join(folder, readdirSync(folder).find(name => name.endsWith('.incr.aof')) ?? '');
}

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Running, rqt, startRqt } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { newHome, redisCli, serverPid, serversIn } from '../store/fixtures/homes.ts';
import { taskFolder, told } from './stage.ts';

/** After a lost connection a worker looks for its server at least that often. */
const LONGEST_LOOK_MS = 2000;

test('a worker starts its private server again when that dies, with nobody else there, and settles its job', async () => {
  const { home, run, start } = openHome();
  const gate = join(home, 'gate');
  const id = (await run('enqueue', 'slow#gate', gate)).stdout.trim();
  const worker = start('worker', '--burst', '--path', taskFolder);
  await until('the job runs', () => worker.printed.stderr.includes(id));
  await killServer(home);
  await until('it has started the server', () => /connection is back/.test(worker.printed.stderr));
  writeFileSync(gate, '');
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(serversIn(home).length, 1);
  assert.equal((await run('status', id)).stdout.includes('finished'), true);
});

test('many workers that lose the server at once start one', async () => {
  const { home, run, start } = openHome();
  await run('info');
  const workers = Array.from({ length: 5 }, () => start('worker', '--path', taskFolder));
  for (const worker of workers) await until('it listens', () => /Listening on/.test(worker.printed.stderr));
  const first = await killServer(home);
  for (const worker of workers) await until('it is back', () => /connection is back/.test(worker.printed.stderr));
  const servers = serversIn(home);
  assert.equal(servers.length, 1);
  assert.notDeepEqual(servers, [first]);
  for (const worker of workers) worker.child.kill();
  for (const worker of workers) assert.equal((await worker.ended).status, 0, worker.printed.stderr);
});

test('a server that was stopped with rqt redis stop is left alone and told once; any command brings it and the worker back', async () => {
  const { home, run, start } = openHome();
  await run('info');
  const worker = await listening(start);
  assert.equal((await run('redis', 'stop')).stdout, 'stopped; its data are kept\n');
  await until('it tells', () => /was stopped with rqt redis stop/.test(worker.printed.stderr));
  await passes(2 * LONGEST_LOOK_MS);
  assert.deepEqual(serversIn(home), []);
  assert.equal(existsSync(join(home, 'redis.sock')), false);
  assert.equal(told({ stderr: worker.printed.stderr }, /going on when any rqt command starts it again/).length, 1);

  await run('info');
  await until('it is back', () => /connection is back/.test(worker.printed.stderr));
  await killServer(home);
  await until('it has started the server itself', () => worker.printed.stderr.split('connection is back').length === 3);
  worker.child.kill();
  assert.equal((await worker.ended).status, 0, worker.printed.stderr);
});

test('a server that died is not started once somebody has said rqt redis stop', async () => {
  const { home, run, start } = openHome();
  await run('info');
  const worker = await listening(start);
  worker.child.kill('SIGSTOP');
  await killServer(home);
  assert.equal((await run('redis', 'stop')).stdout, 'it was not running\n');
  worker.child.kill('SIGCONT');
  await until('it tells', () => /was stopped with rqt redis stop/.test(worker.printed.stderr));
  assert.deepEqual(serversIn(home), []);
  worker.child.kill();
  assert.equal((await worker.ended).status, 0, worker.printed.stderr);
});

test('a folder that was removed is not made again', async () => {
  const { home, run, start } = openHome();
  await run('info');
  const worker = await listening(start);
  worker.child.kill('SIGSTOP');
  await killServer(home);
  rmSync(home, { recursive: true });
  worker.child.kill('SIGCONT');
  await until('it tells', () => /was removed with its directory/.test(worker.printed.stderr));
  worker.child.kill();
  assert.equal((await worker.ended).status, 0, worker.printed.stderr);
  assert.equal(existsSync(home), false);
});

test('why the server does not start again is told once', async () => {
  const { home, run, start } = openHome();
  await run('enqueue', 'hello#hello');
  const worker = start('worker', '--quiet', '--path', taskFolder, 'other');
  await until('it listens', async () => (await run('info', '-W')).stdout.includes('other'));
  worker.child.kill('SIGSTOP');
  await killServer(home);
  const folder = join(home, 'appendonlydir');
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'garbage\n');
  worker.child.kill('SIGCONT');
  await until('it tells', () => /cannot start: /.test(worker.printed.stderr));
  await passes(2 * LONGEST_LOOK_MS);
  assert.equal(told({ stderr: worker.printed.stderr }, /cannot start: /).length, 1, worker.printed.stderr);
  worker.child.kill();
  assert.equal((await worker.ended).status, 0, worker.printed.stderr);
  assert.ok(readFileSync(join(home, 'redis.log'), 'utf8').length > 0);
});

for (const [name, ...args] of [['wait'], ['logs', '-f']]) {
  test(`rqt ${[name, ...args].join(' ')} starts its private server again when that dies`, async () => {
    const { home, run, start } = openHome();
    const id = (await run('enqueue', 'hello#hello')).stdout.trim();
    const waiting = start(name ?? '', ...args, id);
    await until('it is connected', () => Number(/connected_clients:(\d+)/.exec(redisCli(home, 'INFO', 'clients'))?.[1]) > 1);
    const first = await killServer(home);
    await until('there is another server', () => serversIn(home).some(pid => pid !== first));
    await until('it answers', () => existsSync(join(home, 'redis.sock')));
    assert.equal((await run('worker', '--burst')).status, 0);
    const ran = await waiting.ended;
    assert.equal(ran.status, 0, ran.stderr);
  });
}

interface Home {
  readonly home: string;
  run(...args: string[]): ReturnType<typeof rqt>;
  start(...args: string[]): Running;
}

/** A folder for a private server, and commands that use it. */
function openHome(): Home {
  const home = newHome();
  const options = { env: { RQT_HOME: home, RQT_TEST_STAGE: tmpdir() } };
  return { home, run: (...args) => rqt(args, options), start: (...args) => startRqt(args, options) };
}

async function killServer(home: string): Promise<number> {
  const pid = await serverPid(home);
  process.kill(pid, 'SIGKILL');
  await until('the server is gone', () => !serversIn(home).includes(pid));
  return pid;
}

/** That nothing happens can only be seen in time. */
async function passes(ms: number): Promise<void> {
  const end = performance.now() + ms;
  await until('the time is over', () => performance.now() > end);
}

/** A worker that waits for jobs. */
async function listening(start: ReturnType<typeof openHome>['start']): Promise<Running> {
  const worker = start('worker', '--path', taskFolder);
  await until('it listens', () => /Listening on/.test(worker.printed.stderr));
  return worker;
}

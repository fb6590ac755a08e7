import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { socketPath, startServer, stopServer } from '../../src/store/server/index.ts';
import { until } from '../helpers/until.ts';
import { newHome, redisCli, serverPid, serversIn } from './fixtures/homes.ts';

type Starter = ChildProcessByStdio<Writable, Readable, null>;

const starter = join(import.meta.dirname, 'fixtures', 'start-server.js');

test('twenty starters at once start one server and all reach it', async () => {
  const home = newHome();
  assert.deepEqual(await startersAtOnce(20, home), serversIn(home));
});

test('fifty starters right after a kill -9 start one server and all reach it', async () => {
  const home = newHome();
  await startServer(home);
  const first = await serverPid(home);
  process.kill(first, 'SIGKILL');
  const pids = await startersAtOnce(50, home);
  assert.deepEqual(pids, serversIn(home));
  assert.notDeepEqual(pids, [first]);
});

test('two hundred calls in one process while the server is killed again and again lose no write', async () => {
  const home = newHome();
  for (let round = 1; round <= 5; round++) {
    await Promise.all(Array.from({ length: 40 }, () => startServer(home)));
    assert.equal(redisCli(home, 'INCR', 'rounds'), String(round));
    assert.equal(serversIn(home).length, 1);
    process.kill(await serverPid(home), 'SIGKILL');
  }
});

test('starting and stopping at once ends in one server or none', async () => {
  const home = newHome();
  for (let round = 0; round < 5; round++) {
    await Promise.all([startServer(home), stopServer(home), startServer(home), stopServer(home)]);
    assert.ok(serversIn(home).length <= 1);
  }
  await startServer(home);
  assert.equal(serversIn(home).length, 1);
});

const steps: Record<string, (home: string) => boolean> = {
  'as it takes the lock': home => existsSync(join(home, 'redis.lock')),
  'as it starts the server': home => existsSync(join(home, 'redis.log')),
  'as the server begins to speak': home => (statSync(join(home, 'redis.log'), { throwIfNoEntry: false })?.size ?? 0) > 0,
  'as the server listens': home => existsSync(socketPath(home)),
};

for (const [step, reached] of Object.entries(steps)) {
  test(`a starter killed ${step} is in nobody's way`, async () => {
    const home = newHome();
    const victim = await readyStarter(home);
    victim.stdin.end();
    await busyUntil(victim, () => reached(home));
    victim.kill('SIGKILL');
    assert.deepEqual(await startersAtOnce(5, home), serversIn(home));
  });
}

/** Lets this many processes start the server at one moment; returns the distinct process ids that they found. */
async function startersAtOnce(count: number, home: string): Promise<number[]> {
  const starters = await Promise.all(Array.from({ length: count }, () => readyStarter(home)));
  const printed = starters.map(child => child.stdout.toArray());
  for (const child of starters) child.stdin.end();
  const found = (await Promise.all(printed)).map(chunks => Number(Buffer.concat(chunks).toString()));
  return [...new Set(found)];
}

/** A process that starts the server when its input ends. */
async function readyStarter(home: string): Promise<Starter> {
  const child = spawn(process.execPath, [starter, home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.stdout.pause();
  return child;
}

/** Checks more often than a timer could, to hit a step that lasts a millisecond. */
async function busyUntil(child: Starter, condition: () => boolean): Promise<void> {
  await until('the starter gets there', () => {
    const end = Date.now() + 200;
    while (Date.now() < end) if (condition()) return true;
    return child.exitCode !== null;
  });
}

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import type { Running } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { openStage, told } from './stage.ts';

const stage = await openStage('--appendonly', 'yes', '--appendfsync', 'always');
const { put, redis } = stage;
const { client } = redis;
beforeEach(async () => {
  // A test that fails may leave it stopped, full or a replica.
  await redis.kill('SIGKILL');
  await redis.start();
  await client.flushall();
});

test('gap 17: a worker outlives a restart of Redis in mid-job and settles the job', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const next = await put('quick#nothing');
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  await redis.kill('SIGKILL');
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  await redis.start();
  gate.open();
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /Redis connection is back/);
  assert.deepEqual([(await stage.status(id)).state, (await stage.status(id)).attempt_count], ['finished', 1]);
  assert.equal((await stage.job(next)).status, 'finished');
});

test('a job that ends while Redis is away is settled when Redis is back', async () => {
  const gate = stage.gate();
  const notes = stage.path('notes');
  const id = await put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await stage.start('--burst');
  // Redis may say `started` before the worker has heard it.
  await until('the task has begun', () => existsSync(notes) && /begin/.test(readFileSync(notes, 'utf8')));
  await redis.kill('SIGKILL');
  gate.open();
  await until('the job has ended', () => existsSync(notes) && /end/.test(readFileSync(notes, 'utf8')));
  await redis.start();
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal((await stage.job(id)).status, 'finished');
  assert.equal(readFileSync(notes, 'utf8'), 'begin\nend\n');
});

test('how long a job took is told without the time for which Redis was away', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst', '--log-format', 'json');
  await stage.untilState(id, 'started');
  const openedAt = Date.now();
  await redis.kill('SIGKILL');
  gate.open();
  await until('the job has ended', () => /the gate is open/.test(worker.printed.stdout + worker.printed.stderr));
  const tookMs = Date.now() - openedAt;
  await until('so long again', () => Date.now() - openedAt > 2 * tookMs + 3000);
  await redis.start();
  const { stderr } = await worker.ended;
  const ok = stderr
    .split('\n')
    .filter(line => line.includes('"job_ok"'))
    .map(line => JSON.parse(line));
  assert.equal(ok.length, 1, stderr);
  assert.ok(1000 * ok[0].duration_seconds < Date.now() - openedAt - 2500, JSON.stringify(ok[0]));
});

test('a waiting worker takes jobs again after a restart of Redis', async () => {
  const worker = await stage.start();
  await redis.kill('SIGKILL');
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  await redis.start();
  const id = await put('quick#nothing');
  await stage.untilState(id, 'finished');
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
});

test('a worker survives the loss of all its connections in mid-job, and while it waits', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start();
  await stage.untilState(id, 'started');
  await killConnections();
  gate.open();
  await stage.untilState(id, 'finished');
  await killConnections();
  const next = await put('quick#nothing');
  await stage.untilState(next, 'finished');
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
});

test('a worker does not mind that Redis forgets its scripts', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const next = await put('quick#nothing');
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  await client.script('FLUSH');
  gate.open();
  assert.equal((await worker.ended).status, 0);
  for (const job of [id, next]) assert.equal((await stage.job(job)).status, 'finished');
});

test('a worker that Redis has forgotten registers again', async () => {
  const worker = await stage.start('--name', 'w');
  await client.flushall();
  const id = await put('quick#nothing');
  await stage.untilState(id, 'finished');
  assert.deepEqual(await client.smembers('rq:workers'), ['rq:worker:w']);
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
});

test('a Redis that has no memory left keeps the end of a job', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  await client.config('SET', 'maxmemory', '1');
  gate.open();
  await stage.untilState(id, 'finished');
  await client.config('SET', 'maxmemory', '0');
  assert.equal((await worker.ended).status, 0);
});

test('a Redis that may not be written to for a while, as in a failover, is waited for', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  await client.call('REPLICAOF', '127.0.0.1', '1');
  await client.call('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
  gate.open();
  await until('it tells', () => /connection lost|trying again/.test(worker.printed.stderr));
  await client.call('REPLICAOF', 'NO', 'ONE');
  assert.equal((await worker.ended).status, 0);
  assert.equal((await stage.job(id)).status, 'finished');
});

test('an idle worker that is asked to stop while Redis is away stops all the same', async () => {
  const worker = await stage.start();
  await redis.kill('SIGKILL');
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  worker.child.kill('SIGTERM');
  const ran = await worker.ended;
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /stopping without it/);
  await redis.start();
});

for (const args of [[], ['--burst']]) {
  test(`a second signal ends a worker ${args.join(' ')} that waits for Redis to keep a job’s end: it says so, and ends with 128+n`, async () => {
    const { id, worker } = await endWithoutRedis(...args);
    worker.child.kill('SIGTERM');
    await until('it says what it waits for', () =>
      worker.printed.stderr.includes(`stopping waits for Redis to keep the end of job ${id}; another signal ends this worker`),
    );
    const heardAt = Date.now();
    await until('another signal counts', () => Date.now() - heardAt > 250);
    worker.child.kill('SIGINT');
    const ran = await worker.ended;
    assert.equal(ran.status, 130, ran.stderr);
    assert.match(ran.stderr, new RegExp(`stopping without it, the end of job ${id} is not kept, so it will run again`));
    for (const line of [/stopping waits for Redis/, /the end of job \S+ cannot be kept yet/, /stopping without it/])
      assert.equal(told(ran, line).length, 1, ran.stderr);
    await redis.start();
    await until('Redis is back', async () => (await client.ping()) === 'PONG');
    assert.deepEqual(await stage.places(id), ['wip:default']);
  });
}

test('a stop that waits for Redis to keep a job’s end ends by itself when Redis is back, with 0', async () => {
  const { id, worker } = await endWithoutRedis();
  worker.child.kill('SIGTERM');
  await until('it says what it waits for', () => /stopping waits for Redis/.test(worker.printed.stderr));
  await redis.start();
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal((await stage.job(id)).status, 'finished');
  assert.equal(told(ran, /the end of job \S+ cannot be kept yet, trying again: /).length, 1, ran.stderr);
});

test('a job that ends after the stop was asked for, Redis being away, is waited for and told, too', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start();
  await stage.untilState(id, 'started');
  await redis.kill('SIGKILL');
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  worker.child.kill('SIGTERM');
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  assert.doesNotMatch(worker.printed.stderr, /stopping waits for Redis/);
  gate.open();
  await until('it says what it waits for', () => worker.printed.stderr.includes(`to keep the end of job ${id}`));
  await redis.start();
  assert.equal((await worker.ended).status, 0);
  assert.equal((await stage.job(id)).status, 'finished');
});

/** A worker whose job has ended while Redis was away. */
async function endWithoutRedis(...args: string[]): Promise<{ id: string; worker: Running }> {
  const gate = stage.gate();
  const notes = stage.path('notes');
  const id = await put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await stage.start('--grace', '0', ...args);
  // Redis may say `started` before the worker has heard it.
  await until('the task has begun', () => existsSync(notes) && /begin/.test(readFileSync(notes, 'utf8')));
  await redis.kill('SIGKILL');
  gate.open();
  await until('it says that the end is not kept', () =>
    worker.printed.stderr.includes(`the end of job ${id} cannot be kept yet`),
  );
  return { id, worker };
}

async function killConnections(): Promise<void> {
  for (const type of ['pubsub', 'normal']) await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}

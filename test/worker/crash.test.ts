import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { until } from '../helpers/until.ts';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { put, burst, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());

test('gap 2: the job of a killed worker stays leased and is put back at the front when the lease lapses', async () => {
  const { id, rest } = await crash();
  assert.deepEqual(await stage.places(id), ['wip:default']);
  await forgetNeighbour();
  const early = await burst('other');
  assert.equal(early.status, 0);
  assert.deepEqual(await stage.places(id), ['wip:default']);

  await endLease(id);
  await client.set('rq:suspended', '1');
  const ran = await burst();
  assert.match(told(ran, /put back/)[0] ?? '', new RegExp(`\\(${id}\\): its worker died`));
  assert.deepEqual(await client.lrange('rq:queue:default', 0, -1), [id, rest]);
  const job = await stage.job(id);
  assert.deepEqual([job.status, job.rqt_crashes], ['queued', '1']);
  assert.deepEqual(await client.keys('rq:execution*'), []);
});

test('what a killed worker ran is killed with it', async () => {
  await crash('slow#spin');
  await until('no process is left', () => stage.processes().length === 0);
});

test('a put-back job runs again as a further attempt and spends no retry', async () => {
  const gate = stage.gate();
  const { id } = await crash('slow#gate', [gate.file], { retries_left: 2 });
  await forgetNeighbour();
  await endLease(id);
  gate.open();
  assert.equal((await burst()).status, 0);
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.crashes, status.attempt_count], ['finished', 1, 2]);
  assert.equal((await stage.job(id)).retries_left, '2');
});

test('after more than three crashes a job fails with a reason that names them', async () => {
  const { id } = await crash('slow#forever', [], { rqt_crashes: 3 });
  await forgetNeighbour();
  await endLease(id);
  const ran = await burst();
  assert.equal(ran.status, 1);
  assert.match(told(ran, new RegExp(`\\(${id}\\)`))[0] ?? '', /its worker died/);
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.crashes], ['failed', 4]);
  assert.match(status.error ?? '', /The worker died while it ran this job/);
  assert.deepEqual(await stage.places(id), ['failed:default']);
});

test('the third crash is still put back', async () => {
  const { id } = await crash('slow#forever', [], { rqt_crashes: 2 });
  await forgetNeighbour();
  await endLease(id);
  await client.set('rq:suspended', '1');
  await burst();
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('gap 8: a paused worker’s late result is dropped, the other execution’s stays', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const paused = await stage.start('--name', 'paused', '--max-jobs', '1');
  await stage.untilState(id, 'started');
  paused.child.kill('SIGSTOP');
  await endLease(id);
  gate.open();
  const other = await burst('--name', 'other');
  assert.equal(other.status, 0, other.stderr);
  const before = await client.dumpBuffer(`rq:job:${id}`);
  paused.child.kill('SIGCONT');
  const ran = await paused.ended;
  assert.match(ran.stderr, /Late result dropped|Lease lost/);
  assert.deepEqual(await client.dumpBuffer(`rq:job:${id}`), before);
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.worker, status.attempt_count], ['finished', 'other', 2]);
  assert.equal(await client.xlen(`rq:results:${id}`), 1);
});

test('gap 8: a worker whose lease is gone stops its execution when it finds out', async () => {
  const notes = stage.path('notes');
  const gate = stage.gate();
  const id = await put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await stage.start();
  await stage.untilState(id, 'started');
  await until('it has begun', () => readNotes(notes).length === 1);
  await endLease(id);
  await burst('other', '--name', 'bystander');
  const sweeper = await stage.start('--burst', '--max-jobs', '1', '--name', 'sweeper');
  await until('another one runs it', () => readNotes(notes).length === 2);
  gate.open();
  await sweeper.ended;
  worker.child.kill('SIGTERM');
  const ran = await worker.ended;
  assert.match(ran.stderr, /Late result dropped|Lease lost/);
  assert.equal((await stage.status(id)).worker, 'sweeper');
});

test('a worker that lives renews a lease that has lapsed as soon as a sweep finds it: its machine, or Redis, was asleep', async () => {
  const { id, gate, sleeper, leaseLeft, setLease } = await asleep();
  await setLease(-100);
  const sweeper = await stage.start('--burst', '--name', 'sweeper');
  await until('it is renewed', async () => (await leaseLeft()) > 50, 5000);
  gate.open();
  assert.equal((await sweeper.ended).status, 0, sweeper.printed.stderr);
  assert.equal((await sleeper.ended).status, 0, sleeper.printed.stderr);
  assert.deepEqual([(await stage.status(id)).attempt_count, (await stage.status(id)).crashes], [1, 0]);
});

test('a worker that Redis has forgotten renews the lease of its job in the same heartbeat', async () => {
  const { gate, sleeper, leaseLeft, setLease } = await asleep();
  await setLease(600);
  await client.del('rq:worker:sleeper');
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until('it beats when it hears again', async () => (await leaseLeft()) < 100, 5000);
  assert.equal(await client.hget('rq:worker:sleeper', 'pid'), String(sleeper.child.pid));
  gate.open();
  assert.equal((await sleeper.ended).status, 0, sleeper.printed.stderr);
});

test('gap 9: two sweeps at once put a job back once, and looking changes nothing', async () => {
  const { id } = await crash();
  await forgetNeighbour();
  await endLease(id);
  const before = await dump();
  await Promise.all([stage.rqt('info'), stage.rqt('info', '--json'), stage.rqt('status', id)]);
  assert.deepEqual(await dump(), before);
  await client.set('rq:suspended', '1');
  await Promise.all([burst('--name', 'a'), burst('--name', 'b'), burst('--name', 'c')]);
  assert.equal((await client.lrange('rq:queue:default', 0, -1)).filter(listed => listed === id).length, 1);
  assert.equal((await stage.job(id)).rqt_crashes, '1');
});

test('gap 3: a stale entry of RQ’s intermediate list neither fails a finished job nor runs it again', async () => {
  const notes = stage.path('notes');
  const id = await put('quick#note', { args: [notes, 'ran'] });
  await client.rpush('rq:queue:default:intermediate', id);
  assert.equal((await burst()).status, 0);
  await burst();
  assert.equal((await stage.job(id)).status, 'finished');
  assert.deepEqual(readNotes(notes), ['ran']);
  assert.equal((await client.keys('*:intermediate')).length, 1);
});

/** Starts a worker, kills it in mid-job, and returns the job and one that waits behind it. */
async function crash(task = 'slow#forever', args: unknown[] = [], fields: Record<string, string | number> = {}) {
  const id = await put(task, { args, fields });
  const rest = await put('quick#nothing');
  const worker = await stage.start('--name', 'victim');
  await stage.untilState(id, 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
  return { id, rest };
}

/** A worker whose next heartbeat is 20 s away, and the lease of its job. */
async function asleep() {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const sleeper = await stage.start('--name', 'sleeper', '--max-jobs', '1');
  await stage.untilState(id, 'started');
  const now = async () => Number((await client.time())[0]);
  const lease = async () => (await client.zrange('rq:wip:default', '0', '-1', 'WITHSCORES')) as [string, string];
  return {
    ...{ id, gate, sleeper },
    leaseLeft: async () => Number((await lease())[1]) - (await now()),
    setLease: async (seconds: number) => client.zadd('rq:wip:default', 'XX', (await now()) + seconds, (await lease())[0]),
  };
}

/** Makes the dead worker look like one of another machine, whose death only its lease can tell. */
async function forgetNeighbour(): Promise<void> {
  await client.hdel('rq:worker:victim', 'rqt_process');
}

async function endLease(id: string): Promise<void> {
  const [member = ''] = (await client.zrange('rq:wip:default', '0', '-1')).filter(entry => entry.startsWith(`${id}:`));
  await client.zadd('rq:wip:default', 'XX', 1, member);
}

function readNotes(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

async function dump(): Promise<string[]> {
  const keys = (await client.keys('*')).sort();
  return Promise.all(keys.map(async key => `${key} ${(await client.dumpBuffer(key))?.toString('base64')}`));
}

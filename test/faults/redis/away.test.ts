import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { until } from '../../helpers/until.ts';
import { openStage, told } from '../../worker/stage.ts';

/**
 * Redis is gone for longer than a lease, a worker's time to live and a job's timeout, and comes back with its append-only file. The long form
 * (`npm run test:faults`) keeps it away for 30 s.
 */
const ABSENCE_MS = process.env.RQT_FAULTS === 'long' ? 30_000 : 3000;
/** A lease of 2 s; Redis forgets the worker a second after a beat that it missed. */
const SHORT_LIVES = ['--job-monitoring-interval', '1', '--worker-ttl', '1'];

const stage = await openStage('--appendonly', 'yes', '--appendfsync', 'always');
const { put, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());

test('away for longer than leases and timeouts: told once, ends are kept, a shutdown is heard, a new worker takes nothing away', async () => {
  const gates = [stage.gate(), stage.gate()];
  const notes = gates.map(() => stage.path('notes'));
  const ids = [];
  for (const [i, gate] of gates.entries())
    ids.push(await put('slow#notedGate', { args: [gate.file, notes[i]], fields: { timeout: i === 0 ? 2 : 600 } }));
  const [timesOut = '', endsMeanwhile = ''] = ids;
  const worker = await stage.start('-j', '2', '--name', 'w', '--grace', '0', ...SHORT_LIVES);
  await until('both tasks have begun', () => notes.every(file => existsSync(file)));

  const queued = (await stage.rqt('enqueue', 'quick#nothing')).stdout.trim();
  await redis.kill('SIGKILL');
  const goneAt = Date.now();
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  const refused = await stage.rqt('enqueue', 'quick#nothing');
  assert.deepEqual([refused.status, refused.stdout], [69, '']);
  assert.match(refused.stderr, /^rqt: Redis at \S+ .* cannot be reached: connect (ENOENT|ECONNREFUSED)[^\n]*\n$/);
  gates[1]?.open();
  await until('the job has ended', () => /end/.test(readFileSync(notes[1] ?? '', 'utf8')));
  await until('the absence is over', () => Date.now() - goneAt > ABSENCE_MS);

  // It comes back to a new worker first: those that had jobs are late, and are waited for.
  worker.child.kill('SIGSTOP');
  await redis.start();
  await until('the leases have lapsed', async () => {
    const leases = await client.zrange('rq:wip:default', '0', '-1', 'WITHSCORES');
    const [now] = await client.time();
    return leases.filter((_, i) => i % 2 === 1).every(lease => Number(lease) < Number(now));
  });
  const newcomer = await stage.start('--burst', '--name', 'newcomer', ...SHORT_LIVES);
  await until('it has seen them', async () => (await client.zcard('rq:rqt:overdue')) === 2);
  worker.child.kill('SIGCONT');
  await stage.untilState(endsMeanwhile, 'finished');
  await stage.untilState(timesOut, 'failed');
  assert.equal((await newcomer.ended).status, 0, newcomer.printed.stderr);
  assert.doesNotMatch(newcomer.printed.stderr, /its worker died|put back/);
  await stage.untilState(queued, 'finished');
  for (const id of ids) assert.deepEqual([(await stage.status(id)).attempt_count, (await stage.status(id)).crashes], [1, 0]);
  assert.equal(await client.xlen(`rq:results:${endsMeanwhile}`), 1);
  assert.equal(readFileSync(notes[1] ?? '', 'utf8'), 'begin\nend\n');
  assert.match((await stage.status(timesOut)).error ?? '', /timeout/);

  await stage.untilState(await put('quick#nothing'), 'finished');
  for (const name of ['w.1', 'w.2']) assert.equal((await stage.rqt('shutdown', name)).status, 0);
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(told(ran, /Late result dropped|Lease lost/), []);
  assert.equal(told(ran, /Redis connection lost/).length, 1, ran.stderr);
  assert.equal(told(ran, /Redis connection is back/).length, 1, ran.stderr);
});

test('the job of a worker that died while Redis was away is put back all the same, after a last call', async () => {
  const gate = stage.gate();
  const notes = stage.path('notes');
  const id = await put('slow#notedGate', { args: [gate.file, notes] });
  const worker = await stage.start('--name', 'dead', ...SHORT_LIVES);
  await until('the task has begun', () => existsSync(notes));
  await redis.kill('SIGKILL');
  worker.child.kill('SIGKILL');
  await worker.ended;
  gate.open();
  await redis.start();
  // Of another machine: nobody sees that its process is gone.
  await client.hset('rq:worker:dead', 'hostname', 'elsewhere');
  await until('its lease has lapsed', async () => {
    const lease = (await client.zrange('rq:wip:default', '0', '-1', 'WITHSCORES'))[1];
    return Number(lease) < Number((await client.time())[0]);
  });
  const ran = await stage.burst();
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /its worker died/);
  assert.deepEqual([(await stage.status(id)).state, (await stage.status(id)).crashes], ['finished', 1]);
  assert.equal(await client.zcard('rq:rqt:overdue'), 0);
});

test('a stop that is asked for after Redis was restarted reaches the job', async () => {
  const id = await put('slow#forever');
  const worker = await stage.start('--name', 'w', '--grace', '0');
  await stage.untilState(id, 'started');
  await redis.kill('SIGTERM');
  await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
  await redis.start();
  const { status, stderr } = await stage.rqt('stop', id);
  assert.equal(status, 0, stderr);
  await stage.untilState(id, 'stopped');
  assert.equal((await stage.rqt('shutdown', 'w')).status, 0);
  assert.equal((await worker.ended).status, 0);
});

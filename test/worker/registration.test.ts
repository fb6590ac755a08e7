import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { beforeEach, test } from 'node:test';
import { until } from '../helpers/until.ts';
import { openStage } from './stage.ts';

const stage = await openStage();
const { client } = stage.redis;
beforeEach(() => client.flushall());
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

test('a worker is registered under RQ’s keys, with RQ’s fields', async () => {
  const worker = await stage.start('a', 'b', '--name', 'w1');
  await until('it idles', async () => (await client.hget('rq:worker:w1', 'state')) === 'idle');
  assert.deepEqual(await client.smembers('rq:workers'), ['rq:worker:w1']);
  assert.deepEqual(await client.smembers('rq:workers:a'), ['rq:worker:w1']);
  assert.deepEqual(await client.smembers('rq:workers:b'), ['rq:worker:w1']);
  const hash = await client.hgetall('rq:worker:w1');
  assert.match(hash.birth ?? '', STAMP);
  assert.match(hash.last_heartbeat ?? '', STAMP);
  assert.equal(hash.queues, 'a,b');
  assert.equal(hash.pid, String(worker.child.pid));
  assert.equal(hash.hostname, hostname());
  assert.equal(hash.successful_job_count, '0');
  assert.equal(hash.failed_job_count, '0');
  assert.equal(Number(hash.total_working_time), 0);
  assert.match(hash.version ?? '', /^\d+\.\d+\.\d+/);
  assert.equal('ip_address' in hash, true);
  assert.deepEqual(
    ['death', 'current_job'].filter(name => name in hash),
    [],
  );
  const ttl = await client.ttl('rq:worker:w1');
  assert.ok(ttl > 420 && ttl <= 480, `ttl ${ttl}`);
  worker.child.kill('SIGTERM');
  assert.equal((await worker.ended).status, 0);
});

test('a worker that ended is out of the sets, its hash kept for a minute with the time of its death', async () => {
  await stage.burst('a', 'b', '--name', 'w2');
  assert.deepEqual(await client.keys('rq:workers*'), []);
  assert.match((await client.hget('rq:worker:w2', 'death')) ?? '', STAMP);
  const ttl = await client.ttl('rq:worker:w2');
  assert.ok(ttl > 0 && ttl <= 60, `ttl ${ttl}`);
});

test('workers that Redis has forgotten are taken out of the sets, also of a queue that never had a job', async () => {
  for (const set of ['rq:workers', 'rq:workers:a']) await client.sadd(set, 'rq:worker:dead1', 'rq:worker:dead2');
  await stage.burst('a');
  assert.deepEqual(await client.keys('rq:workers*'), []);
});

test('a running job stands in the started registry, in RQ’s execution keys and in the worker’s state', async () => {
  const gate = stage.gate();
  const id = await stage.put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--name', 'w3', '--burst');
  await stage.untilState(id, 'started');
  const [member = '', score] = await client.zrange('rq:wip:default', '0', '-1', 'WITHSCORES');
  const [of, execution] = member.split(':');
  assert.equal(of, id);
  const [now] = await client.time();
  assert.ok(Number(score) > Number(now) + 50 && Number(score) <= Number(now) + 61, `lease ${score}, now ${now}`);
  const hash = await client.hgetall(`rq:execution:${id}:${execution}`);
  assert.deepEqual(Object.keys(hash).sort(), ['created_at', 'id', 'job_id', 'last_heartbeat', 'worker_name']);
  assert.deepEqual([hash.id, hash.job_id, hash.worker_name], [execution, id, 'w3']);
  assert.match(hash.created_at ?? '', /^\d+\.\d+$/);
  assert.deepEqual(await client.zrange(`rq:executions:${id}`, '0', '-1'), [execution]);
  assert.equal(await client.hget('rq:worker:w3', 'state'), 'busy');
  const job = await stage.job(id);
  assert.equal(job.worker_name, 'w3');
  assert.match(job.started_at ?? '', STAMP);
  assert.deepEqual(await stage.places(id), ['wip:default']);
  gate.open();
  await worker.ended;
  assert.deepEqual(await client.keys('rq:execution*'), []);
  assert.deepEqual(await stage.places(id), ['finished:default']);
});

test('a worker counts what it has done', async () => {
  await stage.put('quick#nothing');
  await stage.put('quick#nothing');
  await stage.put('quick#fail');
  await stage.burst('--name', 'w4');
  const hash = await client.hgetall('rq:worker:w4');
  assert.deepEqual([hash.successful_job_count, hash.failed_job_count], ['2', '1']);
  assert.ok(Number(hash.total_working_time) > 0);
});

test('a finished job has RQ’s result entry and is forgotten after 500 seconds', async () => {
  const id = await stage.put('quick#add', { args: [1, 2] });
  await stage.burst('--name', 'w5');
  const [entry] = await client.xrange(`rq:results:${id}`, '-', '+');
  const fields = Object.fromEntries(pairs(entry?.[1] ?? []));
  assert.deepEqual([fields.type, fields.worker_name], ['1', 'w5']);
  assert.equal(Buffer.from(fields.return_value ?? '', 'base64').toString(), '3');
  assert.match(fields.execution_ended_at ?? '', /^\d+\.\d+$/);
  for (const key of [`rq:job:${id}`, `rq:results:${id}`]) {
    const ttl = await client.ttl(key);
    assert.ok(ttl > 490 && ttl <= 500, `${key}: ${ttl}`);
  }
  const score = Number(await client.zscore('rq:finished:default', id));
  const [now] = await client.time();
  assert.ok(Math.abs(score - Number(now) - 500) < 10);
});

test('gap 15: a failed job, its result and its output are all forgotten after its failure_ttl', async () => {
  const id = await stage.put('quick#fail', { fields: { failure_ttl: 100 } });
  await stage.put('quick#say', { id: 'talker', args: ['hello\n'], fields: { result_ttl: 70 } });
  await stage.burst();
  for (const key of [`rq:job:${id}`, `rq:results:${id}`]) assert.ok(within(await client.ttl(key), 90, 100), key);
  for (const key of ['rq:job:talker', 'rq:results:talker', 'rq:rqt:output:talker'])
    assert.ok(within(await client.ttl(key), 60, 70), key);
});

test('gap 15: a result_ttl of 0 leaves nothing of a finished job', async () => {
  const id = await stage.put('quick#say', { args: ['hello\n'], fields: { result_ttl: 0 } });
  await stage.burst();
  assert.deepEqual(
    (await client.keys('rq:*')).filter(key => key.includes(id)),
    [],
  );
  assert.deepEqual(await stage.places(id), []);
});

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']);
}

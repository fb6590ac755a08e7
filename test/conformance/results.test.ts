import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import { linesOf } from '../helpers/space.ts';
import { endWarmly, openCases, resultsOf, startBusy } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('a success is a result of type 1 with its value, its worker and its execution’s times', async life => {
  const id = await life.enqueue('t#echo', ':1', 'two');
  await life.burst('--name', 'w');
  const [result, ...more] = await resultsOf(redis, life, id);
  assert.deepEqual([result?.type, result?.worker_name, more], ['1', 'w', []]);
  assert.equal(Buffer.from(result?.return_value ?? '', 'base64').toString(), '[1,"two"]');
  assert.ok(result?.execution_id && Number(result.execution_started_at) <= Number(result.execution_ended_at));
});

rq('a failure is a result of type 2 with its traceback and no value', async life => {
  const id = await life.enqueue('t#fail');
  await life.burst();
  const [result] = await resultsOf(redis, life, id);
  assert.deepEqual([result?.type, result?.return_value], ['2', undefined]);
  assert.match(inflateSync(Buffer.from(result?.exc_string ?? '', 'base64')).toString(), /^Error: it went wrong\n\s+at /);
});

rq('each execution adds a result, and the latest one counts', async life => {
  const id = await life.enqueue('t#failOnce', '--retry-max', '1');
  await life.burst();
  const types = (await resultsOf(redis, life, id)).map(({ type }) => type);
  assert.deepEqual([types.at(-1), types.length], ['1', 2]);
  assert.equal((await life.run(['result', id])).stdout, '"well"\n');
});

rq('a stopped job has a result of type 2 | here: of type 3, RQ’s own number for a stop, which its readers know', async life => {
  const { id, worker } = await startBusy(life);
  await life.run(['stop', id]);
  const [result] = await resultsOf(redis, life, id);
  assert.equal(result?.type, '3');
  assert.match(inflateSync(Buffer.from(result?.exc_string ?? '', 'base64')).toString(), /^Job stopped by user/);
  await endWarmly(worker);
});

rq('results live as long as their job: result ttl, failure ttl, -1 for ever, 0 not at all', async life => {
  const enqueue = (task: string, id: string, flag: string) => life.enqueue(task, '--job-id', id, flag);
  await enqueue('t#nothing', 'good', '--result-ttl=100');
  await enqueue('t#fail', 'bad', '--failure-ttl=200');
  await enqueue('t#nothing', 'ever', '--result-ttl=-1');
  await enqueue('t#nothing', 'none', '--result-ttl=0');
  await life.burst();
  const ttl = (id: string) => client.ttl(life.key(`results:${id}`));
  const [good, bad] = [await ttl('good'), await ttl('bad')];
  assert.ok(good > 0 && good <= 101 && bad > 101 && bad <= 201, `${good}, ${bad}`);
  assert.deepEqual([await ttl('ever'), await ttl('none')], [-1, -2]);
});

rq('a job that has not finished has no value; an unknown one is an error', async life => {
  const id = await life.enqueue('t#fail');
  assert.equal((await life.run(['result', id])).status, 75);
  await life.burst();
  assert.deepEqual([(await life.run(['result', id])).status, (await life.run(['result', 'nobody'])).status], [1, 66]);
});

rq('waiting for a result blocks until it is there, at the most for a timeout', async life => {
  const { id, worker, open } = await startBusy(life);
  assert.equal((await life.run(['wait', id, '--timeout', '0'])).status, 75);
  const waiting = life.start(['wait', id]);
  open();
  assert.deepEqual([(await waiting.ended).status, linesOf(waiting.printed.stdout).length], [0, 1]);
  await endWarmly(worker);
});

rq('deleting a job deletes its results', async life => {
  const id = await life.enqueue('t#nothing');
  await life.burst();
  await life.run(['delete', id]);
  assert.equal(await client.exists(life.key(`results:${id}`)), 0);
});

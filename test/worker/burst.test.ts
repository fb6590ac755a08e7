import assert from 'node:assert/strict';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { rqt } from '../helpers/rqt.ts';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { redis, put, burst } = stage;
beforeEach(() => redis.client.flushall());

test('a burst without work ends with 0', async () => {
  const ran = await burst();
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /done, quitting \(0 jobs done, 0 failed\)/);
});

test('a burst on a mistyped queue names the one that was meant; a queue that is only new is not mentioned', async () => {
  await put('quick#nothing', { queue: 'mails' });
  const ran = await burst('mial', 'malis', 'high');
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /nothing was ever put on a queue .malis.; did you mean mails\?/);
  assert.doesNotMatch(ran.stderr, /queue high/);
  assert.doesNotMatch((await burst('mails')).stderr, /did you mean/);
});

test('a burst whose jobs all went well ends with 0 when its queues are empty', async () => {
  const ids = [await put('quick#add', { args: [1, 2] }), await put('quick#nothing', { queue: 'other' })];
  const ran = await burst('default', 'other');
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /done, quitting \(2 jobs done, 0 failed\)/);
  for (const id of ids) assert.equal((await stage.job(id)).status, 'finished');
});

test('gap 19: a burst in which a job failed ends with 1, the others are done all the same', async () => {
  const bad = await put('quick#fail');
  const good = await put('quick#nothing');
  const ran = await burst();
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /done, quitting \(1 job done, 1 failed\)/);
  assert.equal((await stage.job(bad)).status, 'failed');
  assert.equal((await stage.job(good)).status, 'finished');
});

test('a job that fails first and succeeds on its retry has done well', async () => {
  const id = await put('quick#failUntil', { args: [2], fields: { retries_left: 1 } });
  const ran = await burst();
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal((await stage.status(id)).result, 2);
});

test('a burst on suspended workers ends with 75 and starts nothing', async () => {
  await redis.client.set('rq:suspended', '1');
  const id = await put('quick#nothing');
  const ran = await burst();
  assert.equal(ran.status, 75);
  assert.equal(told(ran, /suspended, run `rqt resume` to resume/).length, 1);
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('a burst on a suspended queue names the queue, and what resumes it', async () => {
  await redis.client.set('rq:rqt:suspended:default', '1');
  await put('quick#nothing');
  const ran = await burst();
  assert.equal(ran.status, 75);
  assert.equal(told(ran, /queue default suspended, run `rqt resume default` to resume/).length, 1, ran.stderr);
});

test('an unreachable Redis is 69 and one line', async () => {
  const ran = await rqt(['worker', '--burst'], { env: { RQT_REDIS_URL: `unix://${join(redis.dir, 'no.sock')}` } });
  assert.equal(ran.status, 69);
  assert.match(ran.stderr, /^rqt: Redis at .*no\.sock .*cannot be reached: .*\n$/);
});

test('jobs that a running job enqueues belong to the burst', async () => {
  const gate = stage.gate();
  const first = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(first, 'started');
  const late = await put('quick#nothing');
  gate.open();
  assert.equal((await worker.ended).status, 0);
  assert.equal((await stage.job(late)).status, 'finished');
});

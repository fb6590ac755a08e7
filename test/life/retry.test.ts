import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../helpers/space.ts';
import { type Life, openLives, redisSeconds } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

const fields: [flags: string, retriesLeft: string, intervals: string | null][] = [
  ['--retry-max 3', '3', null],
  ['--retry-max 3 --retry-interval 10', '3', '[10,10,10]'],
  ['--retry-max 4 --retry-interval 10,30s', '4', '[10,30,30,30]'],
  ['--retry-max 3 --retry-interval 10 --retry-interval 1m', '3', '[10,60,60]'],
  ['--retry-max 3 --backoff exponential', '3', '[5,10,20]'],
  ['--retry-max 5 --backoff exponential --retry-delay 10s --retry-max-delay 1m', '5', '[10,20,40,60,60]'],
  ['--retry-max 4 --backoff linear --retry-delay 2s --retry-max-delay 5s', '4', '[2,4,5,5]'],
];
for (const [flags, retriesLeft, intervals] of fields) {
  test(`${flags} is RQ's retries_left ${retriesLeft} and retry_intervals ${intervals ?? 'left out'}`, async () => {
    const life = await newLife();
    const id = await life.enqueue('t#fail', ...flags.split(' '));
    assert.deepEqual([await life.field(id, 'retries_left'), await life.field(id, 'retry_intervals')], [retriesLeft, intervals]);
  });
}

test('--jitter gives each job waits of its own, each between a half and all of it', async () => {
  const life = await newLife();
  const lines = Array.from({ length: 40 }, (_, i) => `${i}\n`).join('');
  const flags = ['--retry-max', '2', '--retry-interval', '100,1000', '--jitter', '--lines', '-'];
  const ids = linesOf((await life.run(['enqueue', 't#echo', ...flags], { input: lines })).stdout);
  const waits = await Promise.all(ids.map(async id => JSON.parse((await life.field(id, 'retry_intervals')) ?? '') as number[]));
  assert.equal(waits.length, 40);
  for (const [first = 0, second = 0] of waits) {
    assert.ok(first >= 50 && first <= 100 && Number.isInteger(first), String(first));
    assert.ok(second >= 500 && second <= 1000 && Number.isInteger(second), String(second));
  }
  assert.ok(new Set(waits.map(([, second]) => second)).size > 10);
});

test('a job that fails is tried again at once, as often as --retry-max says, and then has failed', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#fail', '--retry-max', '2');
  assert.equal((await life.burst()).status, 1);
  const { state, attempts } = await life.status(id);
  assert.deepEqual([state, attempts.map(({ outcome }) => outcome)], ['failed', ['retried', 'retried', 'failed']]);
  assert.equal(await life.field(id, 'retries_left'), '0');
  assert.deepEqual(await life.members('failed'), [id]);
});

test('a job that a retry saves is finished, and the burst that ran it ends with 0', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#failOnce', '--retry-max', '3');
  assert.equal((await life.burst()).status, 0);
  const { state, result, attempts } = await life.status(id);
  assert.deepEqual([state, result, attempts.length], ['finished', 'well', 2]);
});

test('the n-th retry waits its own interval, and the last one repeats', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#fail', '--retry-max', '3', '--retry-interval', '100,1000');
  for (const wait of [100, 1000, 1000]) {
    await runDue(life, id);
    assert.equal(await life.state(id), 'scheduled');
    const left = Number(await client.zscore(life.key('scheduled:default'), id)) - (await redisSeconds(redis));
    assert.ok(left > wait - 20 && left <= wait + 1, `${left} is not ${wait}`);
  }
  await runDue(life, id);
  assert.equal(await life.state(id), 'failed');
  assert.deepEqual(await life.members('scheduled'), []);
});

test('a retry that is due is run, its interval after the failure', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#failOnce', '--retry-max', '1', '--retry-interval', '1');
  assert.equal((await life.burst('--settle')).status, 0);
  assert.equal(await life.state(id), 'finished');
  const [first, second] = (await life.status(id)).attempts as unknown as { started_at: string; ended_at: string }[];
  assert.ok(Date.parse(second?.started_at ?? '') - Date.parse(first?.ended_at ?? '') >= 1000);
});

test('--ttl is about the first wait: a retry may wait for longer', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#fail', '--retry-max', '1', '--retry-interval', '2h', '--ttl', '1h');
  assert.deepEqual(await client.zrange(life.key('rqt:expiring'), '0', '-1'), [id]);
  await life.burst();
  assert.equal(await life.state(id), 'scheduled');
  assert.deepEqual([await life.field(id, 'rqt_expires'), await client.exists(life.key('rqt:expiring'))], [null, 0]);
  assert.equal(await client.ttl(life.key(`job:${id}`)), -1);
});

/** Lets a scheduled job be due now, and runs it once. */
async function runDue(life: Life, id: string): Promise<void> {
  await client.zadd(life.key('scheduled:default'), 'XX', 1, id);
  await life.burst();
}

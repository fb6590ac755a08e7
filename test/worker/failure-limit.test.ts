import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openStage } from './stage.ts';

const stage = await openStage();
const { redis, put, burst } = stage;
beforeEach(() => redis.client.flushall());

test('--fail-fast stops at the first failure: the rest stays queued, 1', async () => {
  await put('quick#nothing');
  await put('quick#fail');
  const rest = [await put('quick#nothing'), await put('quick#nothing')];
  const ran = await burst('--fail-fast');
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /reached its number of failures, quitting \(1 job done, 1 failed\)/);
  assert.deepEqual(await redis.client.lrange('rq:queue:default', 0, -1), rest);
  for (const id of rest) assert.equal((await stage.job(id)).status, 'queued');
});

test('a failure that will be retried is none yet', async () => {
  await put('quick#failUntil', { args: [2], fields: { retries_left: 1 } });
  const last = await put('quick#nothing');
  assert.equal((await burst('--fail-fast')).status, 0);
  assert.equal((await stage.job(last)).status, 'finished');
});

test('a failure after the last retry is one', async () => {
  const bad = await put('quick#fail', { fields: { retries_left: 1 } });
  const rest = await put('quick#nothing', { queue: 'later' });
  assert.equal((await burst('default', 'later', '--fail-fast')).status, 1);
  assert.equal((await stage.job(bad)).status, 'failed');
  assert.equal((await stage.job(rest)).status, 'queued');
});

test('--max-failures N goes on until N jobs have failed', async () => {
  for (let i = 0; i < 4; i += 1) await put('quick#fail');
  assert.equal((await burst('--max-failures', '3')).status, 1);
  assert.equal(await redis.client.zcard('rq:failed:default'), 3);
  assert.equal(await redis.client.llen('rq:queue:default'), 1);
});

test('jobs that run in other slots when one fails are finished', async () => {
  const gate = stage.gate();
  const slow = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst', '-j', '2', '--fail-fast');
  await stage.untilState(slow, 'started');
  const bad = await put('quick#fail');
  await stage.untilState(bad, 'failed');
  const rest = await put('quick#nothing');
  gate.open();
  assert.equal((await worker.ended).status, 1);
  assert.equal((await stage.job(slow)).status, 'finished');
  assert.equal((await stage.job(rest)).status, 'queued');
});

test('a lasting worker with --fail-fast ends with 1, also its slots that wait for jobs', async () => {
  const worker = await stage.start('-j', '3', '--fail-fast');
  await put('quick#fail');
  assert.equal((await worker.ended).status, 1);
});

test('--exit-zero: 0 although jobs failed', async () => {
  await put('quick#fail');
  await put('quick#nothing');
  const ran = await burst('--exit-zero');
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /1 job done, 1 failed/);
});

test('--exit-zero with --fail-fast: 0, the rest stays queued', async () => {
  await put('quick#fail');
  await put('quick#nothing');
  assert.equal((await burst('--exit-zero', '--fail-fast')).status, 0);
  assert.equal(await redis.client.llen('rq:queue:default'), 1);
});

test('--exit-zero does not hide that nothing could be done', async () => {
  await redis.client.set('rq:suspended', '1');
  await put('quick#nothing');
  assert.equal((await burst('--exit-zero')).status, 75);
  assert.equal((await burst('--exit-zero', '--junit', redis.dir)).status, 73);
});

for (const [flags, text] of [
  [['--max-failures', '0'], /--max-failures '0' is less than 1/],
  [['--max-failures', 'x'], /--max-failures 'x' is not a whole number/],
  [['--max-failures', '2', '--fail-fast'], /give one of them/],
] as const) {
  test(`${flags.join(' ')} is 64`, async () => {
    const ran = await burst(...flags);
    assert.equal(ran.status, 64);
    assert.match(ran.stderr, text);
  });
}

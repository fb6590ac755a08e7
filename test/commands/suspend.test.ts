import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

test("suspend sets RQ's key, and info shows it", async () => {
  const space = newSpace(redis);
  const ran = await space.run(['suspend']);
  assert.deepEqual(
    [ran.status, ran.stdout, ran.stderr],
    [0, 'all workers are suspended until rqt resume; running jobs go on\n', ''],
  );
  assert.equal(await client.get(space.key('suspended')), '1');
  assert.equal(await client.ttl(space.key('suspended')), -1);
  assert.match((await space.run(['info'])).stdout, /all workers are suspended: rqt resume/);
  assert.equal(JSON.parse((await space.run(['info', '--json'])).stdout).suspended, true);
});

test('suspend --duration ends by itself', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['suspend', '--duration', '10m']);
  assert.equal(ran.stdout, 'all workers are suspended for 10 min; running jobs go on\n');
  const ttl = await client.ttl(space.key('suspended'));
  assert.ok(ttl > 590 && ttl <= 600, `ttl is ${ttl}`);
});

test('info shows what is left of a suspension that ends by itself, of all workers and of a queue', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello', '-q', 'high');
  await space.enqueue('hello#hello', '-q', 'low');
  await space.run(['suspend', '--duration', '10m']);
  await space.run(['suspend', 'high', '--duration', '2h']);
  const { stdout } = await space.run(['info']);
  assert.match(stdout, /^all workers are suspended for (10 min|9 min \d+ s) more: rqt resume$/m);
  assert.match(stdout, /^high \(suspended\) .* {2}(2 h|1 h 59 min)$/m);
  const { resumes_in_seconds, queues } = JSON.parse((await space.run(['info', '--json'])).stdout);
  assert.ok(resumes_in_seconds > 500 && resumes_in_seconds <= 600);
  assert.ok(queues[0].resumes_in_seconds > 7000 && queues[0].resumes_in_seconds <= 7200);
  assert.equal(queues[1].resumes_in_seconds, null);
});

test('suspending again takes the new duration, or lifts it', async () => {
  const space = newSpace(redis);
  await space.run(['suspend', '--duration', '10m']);
  const ran = await space.run(['suspend']);
  assert.deepEqual(
    [ran.status, ran.stdout],
    [0, 'all workers are suspended until rqt resume (it was already: this takes the place of that)\n'],
  );
  assert.equal(await client.ttl(space.key('suspended')), -1);
});

test('suspend of a queue leaves the others, and info shows it', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello', '-q', 'high');
  await space.enqueue('hello#hello', '-q', 'low');
  const ran = await space.run(['suspend', 'high']);
  assert.deepEqual([ran.status, ran.stdout], [0, 'queue high is suspended until rqt resume high; running jobs go on\n']);
  assert.equal(await client.exists(space.key('suspended')), 0);
  assert.match((await space.run(['info'])).stdout, /^high \(suspended\) /m);
  const { suspended, queues } = JSON.parse((await space.run(['info', '--json'])).stdout);
  assert.equal(suspended, false);
  assert.deepEqual(
    queues.map((queue: { name: string; suspended: boolean }) => [queue.name, queue.suspended]),
    [
      ['high', true],
      ['low', false],
    ],
  );
});

test('suspend --json is one document a queue', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello', '-q', 'a');
  await space.enqueue('hello#hello', '-q', 'b');
  await space.run(['suspend', 'b']);
  const ran = await space.run(['suspend', 'a', 'b', 'a', '--duration', '90', '--json']);
  assert.deepEqual(
    ran.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { version: 1, kind: 'suspended', queue: 'a', changed: true, seconds: 90 },
      { version: 1, kind: 'suspended', queue: 'b', changed: false, seconds: 90 },
    ],
  );
});

test('a queue that does not exist is 66 with the nearest name, and nothing is suspended', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello');
  const ran = await space.run(['suspend', 'default', 'defualt']);
  assert.deepEqual(
    [ran.status, ran.stdout, ran.stderr],
    [66, '', "rqt: there is no queue 'defualt'; did you mean default? (look: rqt info -Q)\n"],
  );
  assert.equal(
    (await space.keys()).some(key => key.includes('suspended')),
    false,
  );
});

for (const duration of ['0', '-1', 'soon', '0.5s']) {
  test(`suspend --duration ${duration} is refused`, async () => {
    const ran = await newSpace(redis).run(['suspend', `--duration=${duration}`]);
    assert.equal(ran.status, 64);
    assert.match(ran.stderr, /^rqt: --duration .*; write for example 90, 90s, 5m, 2h, 1d\n$/);
  });
}

test('a burst that meets a suspended queue with jobs runs the others and ends with 75', async () => {
  const space = newSpace(redis);
  const held = await space.enqueue('hello#hello', '-q', 'held');
  const free = await space.enqueue('hello#hello', '-q', 'free');
  await space.run(['suspend', 'held']);
  const ran = await space.run(['worker', '--burst', 'held', 'free']);
  assert.equal(ran.status, 75, ran.stderr);
  assert.equal(await space.field(free, 'status'), 'finished');
  assert.equal(await space.field(held, 'status'), 'queued');
});

test('a burst whose suspended queue has no jobs ends with 0', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#hello', '-q', 'held');
  await space.run(['empty', 'held']);
  await space.run(['suspend', 'held']);
  assert.equal((await space.run(['worker', '--burst', 'held'])).status, 0);
});

for (const [what, queues] of [
  ['all workers', []],
  ['its queue', ['default']],
] as const) {
  test(`a worker goes on when ${what} is resumed`, async () => {
    const space = newSpace(redis);
    const worker = space.start(['worker']);
    await until('it has registered', async () => (await client.scard(space.key('workers:default'))) === 1);
    assert.equal((await space.run(['suspend', ...queues])).status, 0);
    const id = await space.enqueue('hello#hello');
    await until('it says so', () => /suspended, run/.test(worker.printed.stderr));
    assert.equal(await space.field(id, 'status'), 'queued');
    await space.run(['resume', ...queues]);
    await until('it has run', async () => (await space.field(id, 'status')) === 'finished');
    assert.equal(await endWorker(worker), 0);
  });
}

test('a queue that only its worker knows can be suspended and is shown', async () => {
  const space = newSpace(redis);
  const worker = space.start(['worker', 'new']);
  await until('it has registered', async () => (await client.scard(space.key('workers:new'))) === 1);
  assert.equal((await space.run(['suspend', 'new'])).status, 0);
  assert.match((await space.run(['info', '-Q'])).stdout, /^new \(suspended\) /m);
  assert.equal(await endWorker(worker), 0);
});

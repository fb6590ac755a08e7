import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker, startBusy, whileDeaf } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

async function startIdle(space: Space, name: string) {
  const worker = space.start(['worker', '--name', name]);
  await until(`${name} listens`, async () => (await client.pubsub('NUMSUB', space.key(`pubsub:${name}`)))[1] === 1);
  return worker;
}

test('shutdown lets the running job come to its end, and no other one begin', async () => {
  const space = newSpace(redis);
  const { id, worker, open } = await startBusy(space, 'w');
  const next = await space.enqueue('hello#hello');
  const ran = await space.run(['shutdown', 'w']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'worker w ends after its running job\n', '']);
  assert.match((await client.hget(space.key('worker:w'), 'shutdown_requested_date')) ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/);
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  open();
  assert.equal((await worker.ended).status, 0);
  assert.equal(await space.field(id, 'status'), 'finished');
  assert.equal(await space.field(next, 'status'), 'queued');
});

test('shutdown wakes a worker that waits', async () => {
  const space = newSpace(redis);
  const worker = await startIdle(space, 'w');
  assert.equal((await space.run(['shutdown', 'w'])).status, 0);
  assert.equal((await worker.ended).status, 0);
});

test('a worker that could not hear, busy or idle, ends when it is connected again', async () => {
  const space = newSpace(redis);
  const idle = await startIdle(space, 'idle');
  const ran = await whileDeaf(redis, idle, () => space.run(['shutdown', 'idle']));
  assert.deepEqual([ran.status, ran.stdout], [0, 'worker idle ends after its running job, as soon as it is connected again\n']);
  assert.equal((await idle.ended).status, 0);
  const { id, worker, open } = await startBusy(space, 'busy');
  await whileDeaf(redis, worker, () => space.run(['shutdown', 'busy']));
  await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
  open();
  assert.equal((await worker.ended).status, 0);
  assert.equal(await space.field(id, 'status'), 'finished');
});

test('shutdown --all ends every worker', async () => {
  const space = newSpace(redis);
  const workers = [await startIdle(space, 'a'), await startIdle(space, 'b')];
  const ran = await space.run(['shutdown', '--all', '--json']);
  assert.deepEqual(
    ran.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    ['a', 'b'].map(worker => ({ version: 1, kind: 'shutdown', worker, told: true })),
  );
  for (const worker of workers) assert.equal((await worker.ended).status, 0);
  const again = await space.run(['shutdown', '--all']);
  assert.deepEqual([again.status, again.stdout], [0, 'there are no workers\n']);
});

test('an unknown worker is 66 with the nearest name, and the others are told all the same', async () => {
  const space = newSpace(redis);
  const worker = await startIdle(space, 'host1.ci');
  const ran = await space.run(['shutdown', 'host1.cii', 'host1.ci']);
  assert.equal(ran.status, 66);
  assert.equal(ran.stderr, "rqt: there is no worker 'host1.cii'; did you mean host1.ci? (look: rqt info -W)\n");
  assert.equal((await worker.ended).status, 0);
});

test("RQ's worker that does not listen misses it: 75", async () => {
  const space = newSpace(redis);
  await client.hset(space.key('worker:py'), { birth: '2026-11-23T15:47:50.000000Z', state: 'idle', queues: 'default' });
  await client.sadd(space.key('workers'), space.key('worker:py'));
  const ran = await space.run(['shutdown', 'py']);
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /^rqt: worker py does not listen now, .*: try again\n$/);
});

for (const args of [[], ['--all', 'w'], ['a,b']]) {
  test(`shutdown ${args.join(' ')}: 64`, async () => {
    assert.equal((await newSpace(redis).run(['shutdown', ...args])).status, 64);
  });
}

test('a worker that is asked twice ends after its running job all the same', async () => {
  const space = newSpace(redis);
  const { id, worker, open } = await startBusy(space, 'w');
  await space.run(['shutdown', 'w']);
  await space.run(['shutdown', 'w']);
  open();
  assert.equal((await worker.ended).status, 0);
  assert.equal(await space.field(id, 'status'), 'finished');
  await endWorker(worker);
});

test('the name of a worker with several slots is answered with theirs', async () => {
  const space = newSpace(redis);
  const worker = space.start(['worker', '--name', 'K', '-j', '2']);
  await until('both listen', async () => {
    const counts = await client.pubsub('NUMSUB', space.key('pubsub:K.1'), space.key('pubsub:K.2'));
    return counts[1] === 1 && counts[3] === 1;
  });
  for (const command of ['shutdown', 'kill']) {
    const ran = await space.run([command, 'K']);
    assert.deepEqual(
      [ran.status, ran.stderr],
      [66, "rqt: there is no worker 'K'; did you mean its slots K.1 K.2? (look: rqt info -W)\n"],
    );
  }
  assert.equal((await space.run(['shutdown', 'K.1', 'K.2'])).status, 0);
  assert.equal((await worker.ended).status, 0);
});

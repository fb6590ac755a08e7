import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { openStage, told } from './stage.ts';

const stage = await openStage();
const { put, burst, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());

test('a worker names its process beyond doubt', async () => {
  const worker = await stage.start('--name', 'w');
  const name = (await client.hget('rq:worker:w', 'rqt_process')) ?? '';
  assert.match(name, /^[0-9a-f-]{36}:\d+:\d+:\d+$/);
  assert.equal(name.split(':')[2], String(worker.child.pid));
  worker.child.kill();
  await worker.ended;
});

test('a burst right after kill -9 of another worker does its job again, without waiting for the lease', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  await kill(id);
  gate.open();
  const ran = await burst();
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(told(ran, /put back/)[0] ?? '', /its worker died/);
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.crashes, status.attempt_count], ['finished', 1, 2]);
});

test('the dead worker is unregistered', async () => {
  const id = await put('slow#forever');
  await kill(id, 'a', 'default');
  assert.deepEqual(await client.smembers('rq:workers:a'), ['rq:worker:victim']);
  await burst('other');
  assert.deepEqual(await client.keys('rq:workers*'), []);
  assert.ok(await client.hget('rq:worker:victim', 'death'));
  assert.ok((await client.ttl('rq:worker:victim')) <= 60);
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('its name is free again', async () => {
  const id = await put('slow#forever');
  await kill(id);
  await client.set('rq:suspended', '1');
  const ran = await burst('--name', 'victim');
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /Worker victim: started/);
});

test('an idle worker that was killed is unregistered, too', async () => {
  const worker = await stage.start('--name', 'victim');
  worker.child.kill('SIGKILL');
  await worker.ended;
  await burst();
  assert.deepEqual(await client.smembers('rq:workers'), []);
});

test('a living neighbour is left alone', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--name', 'alive', '--burst');
  await stage.untilState(id, 'started');
  await burst('other');
  assert.deepEqual(await client.smembers('rq:workers'), ['rq:worker:alive']);
  assert.deepEqual(await stage.places(id), ['wip:default']);
  worker.child.kill('SIGSTOP');
  await burst('other');
  assert.deepEqual(await stage.places(id), ['wip:default']);
  worker.child.kill('SIGCONT');
  gate.open();
  assert.equal((await worker.ended).status, 0);
});

for (const [what, change] of [
  ['another machine', (name: string) => name.replace(/^[^:]*/, '00000000-0000-0000-0000-000000000000')],
  ['another pid namespace', (name: string) => name.replace(/:\d+:/, ':1:')],
] as const) {
  test(`a worker of ${what} is left to its lease`, async () => {
    const id = await put('slow#forever');
    await kill(id);
    await client.hset('rq:worker:victim', 'rqt_process', change((await client.hget('rq:worker:victim', 'rqt_process')) ?? ''));
    await burst('other');
    assert.deepEqual(await stage.places(id), ['wip:default']);
    assert.deepEqual(await client.smembers('rq:workers'), ['rq:worker:victim']);
  });
}

test('a process that only has the pid of the dead one does not count for it', async () => {
  const id = await put('slow#forever');
  await kill(id);
  const name = (await client.hget('rq:worker:victim', 'rqt_process')) ?? '';
  await client.hset('rq:worker:victim', 'rqt_process', name.replace(/\d+:(\d+)$/, `${process.pid}:$1`));
  await burst('other');
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('a job whose crash budget is used up fails, and the burst that finds it ends with 1', async () => {
  const id = await put('slow#forever', { fields: { rqt_crashes: 3 } });
  await kill(id);
  const ran = await burst();
  assert.equal(ran.status, 1);
  assert.match((await stage.status(id)).error ?? '', /The worker died while it ran this job/);
});

test('a worker that died idle after a job takes nothing with it', async () => {
  const id = await put('quick#nothing');
  const worker = await stage.start('--name', 'victim');
  await stage.untilState(id, 'finished');
  worker.child.kill('SIGKILL');
  await worker.ended;
  await burst();
  assert.deepEqual(await stage.places(id), ['finished:default']);
  assert.equal((await stage.job(id)).rqt_crashes, undefined);
});

async function kill(id: string, ...queues: string[]): Promise<void> {
  const worker = await stage.start('--name', 'victim', ...queues);
  await stage.untilState(id, 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
}

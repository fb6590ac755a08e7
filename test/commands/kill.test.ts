import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker, startBusy, whileDeaf } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();

test('kill fails the running job with a reason, and its worker goes on', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  const ran = await space.run(['kill', 'w']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `worker w kills job ${id}\n`, '']);
  await until('it has failed', async () => (await space.field(id, 'status')) === 'failed');
  assert.match((await space.run(['status', id])).stdout, /the job was killed by a user \(rqt kill\)/);
  const next = await space.enqueue('hello#hello');
  await until('the worker runs the next job', async () => (await space.field(next, 'status')) === 'finished');
  assert.equal(await endWorker(worker), 0);
});

test('the retries of a killed job apply', async () => {
  const space = newSpace(redis);
  const { id, worker, begun, open } = await startBusy(space, 'w', ['--retry-max', '1']);
  await space.run(['kill', 'w']);
  await begun(2);
  open();
  await until('its second attempt succeeds', async () => (await space.field(id, 'status')) === 'finished');
  assert.equal(await space.field(id, 'retries_left'), '0');
  assert.equal(await endWorker(worker), 0);
});

test('a worker that could not hear kills the job when it is connected again', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  const ran = await whileDeaf(redis, worker, () => space.run(['kill', 'w']));
  assert.deepEqual([ran.status, ran.stdout], [0, `worker w kills job ${id}, as soon as it is connected again\n`]);
  await until('it has failed', async () => (await space.field(id, 'status')) === 'failed');
  assert.equal(await endWorker(worker), 0);
});

test('a worker that runs nothing is 1', async () => {
  const space = newSpace(redis);
  const { worker, open, id } = await startBusy(space, 'w');
  open();
  await until('it has finished', async () => (await space.field(id, 'status')) === 'finished');
  const ran = await space.run(['kill', 'w', '--json']);
  assert.deepEqual([ran.status, ran.stderr], [1, 'rqt: worker w runs nothing now\n']);
  assert.deepEqual(JSON.parse(ran.stdout), { version: 1, kind: 'killed', worker: 'w', told: false, job_id: null });
  assert.equal(await endWorker(worker), 0);
});

test('an unknown worker is 66 with the nearest name', async () => {
  const space = newSpace(redis);
  const { worker, open } = await startBusy(space, 'host1.ci');
  const ran = await space.run(['kill', 'host1.cj']);
  assert.deepEqual(
    [ran.status, ran.stderr],
    [66, "rqt: there is no worker 'host1.cj'; did you mean host1.ci? (look: rqt info -W)\n"],
  );
  open();
  assert.equal(await endWorker(worker), 0);
  assert.equal((await space.run(['kill', 'host1.ci'])).status, 66);
});

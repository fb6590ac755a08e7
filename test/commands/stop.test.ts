import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker, startBusy, whileDeaf } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

test('stop ends a running job for good, whatever its retries, and its worker goes on', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w', ['--retry-max', '3']);
  const ran = await space.run(['stop', id]);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} stopped\n`, '']);
  assert.equal(await space.field(id, 'status'), 'stopped');
  assert.deepEqual(await client.zrange(space.key('failed:default'), '0', '-1'), [id]);
  const next = await space.enqueue('hello#hello');
  await until('the worker runs the next job', async () => (await space.field(next, 'status')) === 'finished');
  assert.equal(await endWorker(worker), 0);
});

test('stop --no-wait only asks', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  const ran = await space.run(['stop', '--no-wait', id]);
  assert.deepEqual([ran.status, ran.stdout], [0, `${id} is being stopped by worker w\n`]);
  await until('it has stopped', async () => (await space.field(id, 'status')) === 'stopped');
  assert.equal(await endWorker(worker), 0);
});

test('jobs that do not run are left alone: 1 and their state', async () => {
  const space = newSpace(redis);
  const done = await space.enqueue('hello#hello', 'you');
  await space.run(['worker', '--burst', '-q']);
  const waiting = await space.enqueue('hello#hello');
  const ran = await space.run(['stop', waiting, done]);
  assert.equal(ran.status, 1);
  assert.equal(ran.stdout, '');
  assert.deepEqual(ran.stderr.split('\n'), [
    `rqt: job ${waiting} does not run, it is queued (cancel it: rqt cancel ${waiting})`,
    `rqt: job ${done} does not run, it is finished`,
    '',
  ]);
  assert.deepEqual(await client.lrange(space.key('queue:default'), '0', '-1'), [waiting]);
});

test('an unknown job is 66, and the others are stopped all the same', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  const ran = await space.run(['stop', 'gone', id, id, '--json']);
  assert.equal(ran.status, 66);
  assert.match(ran.stderr, /^rqt: there is no job gone; it may /);
  assert.deepEqual(
    ran.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { version: 1, kind: 'stopped', id: 'gone', state: null, changed: false },
      { version: 1, kind: 'stopped', id, state: 'stopped', changed: true },
    ],
  );
  assert.equal(await endWorker(worker), 0);
});

test('a worker that could not hear stops the job when it is connected again', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  await whileDeaf(redis, worker, () => space.run(['stop', '--no-wait', id]));
  await until('it has stopped', async () => (await space.field(id, 'status')) === 'stopped');
  assert.equal(await endWorker(worker), 0);
});

test('a job whose worker died is ended as stopped', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  worker.child.kill('SIGKILL');
  await worker.ended;
  const [lease = ''] = await client.zrange(space.key('wip:default'), '0', '-1');
  await client.zadd(space.key('wip:default'), 1, lease);
  const ran = await space.run(['stop', id]);
  assert.deepEqual([ran.status, ran.stdout], [0, `${id} stopped (its worker had died)\n`]);
  assert.equal(await space.field(id, 'status'), 'stopped');
  assert.equal(await client.zcard(space.key('wip:default')), 0);
});

test('a job whose worker was killed on this machine is stopped at once, and so is one whose worker is killed meanwhile', async () => {
  const space = newSpace(redis);
  const dead = await startBusy(space, 'dead');
  dead.worker.child.kill('SIGKILL');
  await dead.worker.ended;
  const ran = await space.run(['stop', dead.id]);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${dead.id} stopped (its worker had died)\n`, '']);
  assert.equal(await space.field(dead.id, 'status'), 'stopped');
  assert.equal(await client.zcard(space.key('wip:default')), 0);

  const { id, worker } = await startBusy(space, 'silent');
  worker.child.kill('SIGSTOP');
  const running = space.start(['stop', id]);
  await until('it is asked', async () => (await space.field(id, 'rqt_stop')) === '1');
  worker.child.kill('SIGKILL');
  const { status, stdout } = await running.ended;
  assert.deepEqual([status, stdout], [0, `${id} stopped (its worker had died)\n`]);
});

test('of a silent worker it is said what is waited for and until when; Ctrl-C leaves the stop in force', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  worker.child.kill('SIGSTOP');
  const [told, quiet, json] = [[], ['--quiet'], ['--json']].map(flags => space.start(['stop', id, ...flags]));
  const isTold = () => told?.printed.stderr.includes('\n');
  await until('it is told', isTold);
  const line = new RegExp(
    `^rqt: waiting for worker w to stop job ${id}; if it stays silent, the job is stopped without it within \\d\\d s \\(Ctrl-C: .*\\)\\n$`,
  );
  assert.match(told?.printed.stderr ?? '', line);
  assert.deepEqual([quiet?.printed.stderr, json?.printed.stderr], ['', '']);
  for (const running of [told, quiet, json]) running?.child.kill('SIGINT');
  const ran = await told?.ended;
  assert.deepEqual([ran?.status, ran?.stdout], [130, `${id} is being stopped by worker w\n`]);
  const left = `rqt: interrupted: the stop of job ${id} stays in force, not waited for (look: rqt status ${id})\n`;
  assert.equal(ran?.stderr.split('\n').slice(1).join('\n'), left);
  assert.deepEqual([(await quiet?.ended)?.status, (await quiet?.ended)?.stdout], [130, '']);
  assert.equal(JSON.parse((await json?.ended)?.stdout ?? '').state, 'stopping');
  worker.child.kill('SIGCONT');
  await until('it has stopped', async () => (await space.field(id, 'status')) === 'stopped');
  assert.equal(await endWorker(worker), 0);
});

test('what is said of a silent worker is true: the job is stopped within that time', async () => {
  const space = newSpace(redis);
  const { id, worker } = await startBusy(space, 'w');
  worker.child.kill('SIGSTOP');
  const [lease = ''] = await client.zrange(space.key('wip:default'), '0', '-1');
  await client.zadd(space.key('wip:default'), Math.floor(Date.now() / 1000) + 4, lease);
  const { status, stdout, stderr } = await space.run(['stop', id]);
  assert.match(stderr, /within 1[45678] s/);
  assert.deepEqual([status, stdout], [0, `${id} stopped\n`]);
  worker.child.kill('SIGKILL');
});

for (const args of [[], ['no/id']]) {
  test(`stop ${args.join(' ')}: 64`, async () => {
    assert.equal((await newSpace(redis).run(['stop', ...args])).status, 64);
  });
}

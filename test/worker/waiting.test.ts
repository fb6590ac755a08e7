import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../helpers/until.ts';
import { openStage, type Stage } from './stage.ts';

const stage: Stage = await openStage();
const { client } = stage.redis;
beforeEach(() => client.flushall());

test('an idle worker waits blocked in BLMOVE, on one connection for each queue, and does not poll', async () => {
  const worker = await stage.start('a', 'b');
  await untilBlocked(2);
  await client.config('RESETSTAT');
  // A time has to pass in which nothing happens: a second is many times every interval of a poller.
  await sleep(1200);
  const calls = await commandCalls();
  const own = ['info', 'config|resetstat', 'client|list'];
  const others = Object.entries(calls).filter(([name]) => !own.includes(name));
  assert.ok(others.reduce((sum, [, count]) => sum + count, 0) <= 3, JSON.stringify(calls));
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
});

test('a waiting worker, which does not poll, is woken by a new job on any of its queues', async () => {
  const worker = await stage.start('a', 'b');
  for (const queue of ['b', 'a', 'b']) {
    await untilBlocked(2);
    const id = await stage.put('quick#add', { queue, args: [1, 2] });
    await stage.untilState(id, 'finished');
  }
  worker.child.kill();
  await worker.ended;
});

test('waiting moves nothing: the order of a queue stays what it was', async () => {
  const gate = stage.gate();
  const first = await stage.put('slow#gate', { args: [gate.file] });
  const workers = [await stage.start('--name', 'x'), await stage.start('other', '--name', 'y')];
  await stage.untilState(first, 'started');
  const ids = [await stage.put('quick#nothing'), await stage.put('quick#nothing'), await stage.put('quick#nothing')];
  assert.deepEqual(await client.lrange('rq:queue:default', 0, -1), ids);
  for (const worker of workers) worker.child.kill();
  gate.open();
  await Promise.all(workers.map(({ ended }) => ended));
  assert.deepEqual(await client.lrange('rq:queue:default', 0, -1), ids);
});

test('of several waiting workers one runs the job', async () => {
  const workers = await Promise.all([stage.start('--name', 'x'), stage.start('--name', 'y')]);
  await untilBlocked(2);
  const file = stage.path('notes');
  const id = await stage.put('quick#note', { args: [file, 'ran'] });
  await stage.untilState(id, 'finished');
  await untilBlocked(2);
  const { readFileSync } = await import('node:fs');
  assert.equal(readFileSync(file, 'utf8'), 'ran\n');
  for (const worker of workers) worker.child.kill();
  await Promise.all(workers.map(({ ended }) => ended));
});

test('a worker that is suspended while it waits starts nothing until it is resumed', async () => {
  const worker = await stage.start();
  await untilBlocked(1);
  await client.set('rq:suspended', '1');
  const id = await stage.put('quick#nothing');
  await until('it tells that it is suspended', () => /suspended/.test(worker.printed.stderr));
  assert.deepEqual(await stage.places(id), ['queue:default']);
  assert.equal(await client.hget(`rq:worker:${await workerName()}`, 'state'), 'suspended');
  await client.del('rq:suspended');
  await stage.untilState(id, 'finished');
  assert.match(worker.printed.stderr, /resumed/);
  worker.child.kill();
  await worker.ended;
});

test('--max-idle-time ends a worker that had nothing to do for so long', async () => {
  await stage.put('quick#nothing');
  const worker = await stage.start('--max-idle-time', '1s');
  const ran = await worker.ended;
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /Job OK[\s\S]*idle for too long, quitting/);
});

async function untilBlocked(connections: number): Promise<void> {
  await until(`${connections} connections are blocked`, async () => {
    const list = String(await client.client('LIST'));
    return list.split('\n').filter(line => /cmd=blmove/.test(line) && /flags=\w*b/.test(line)).length === connections;
  });
}

async function commandCalls(): Promise<Record<string, number>> {
  const stats = await client.info('commandstats');
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}

async function workerName(): Promise<string> {
  return (await client.smembers('rq:workers'))[0]?.replace('rq:worker:', '') ?? '';
}

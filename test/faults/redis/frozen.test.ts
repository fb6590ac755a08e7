import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, afterEach, beforeEach, test } from 'node:test';
import { until } from '../../helpers/until.ts';
import { openStage, told } from '../../worker/stage.ts';

/** A server that is stopped (SIGSTOP): its connections stay open, and nothing answers. */
const stage = await openStage();
stage.env.RQT_CONNECT_TIMEOUT = '1s';
const { put, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());
afterEach(() => redis.resume());
after(() => redis.resume());

for (const [length, timeout] of [
  ['shorter', '600s'],
  ['longer', '1s'],
] as const) {
  test(`a pause of Redis that is ${length} than redis-timeout: the job's end is kept once, the worker hears and goes on`, async () => {
    const gate = stage.gate();
    const notes = stage.path('notes');
    const id = await put('slow#notedGate', { args: [gate.file, notes] });
    stage.env.RQT_REDIS_TIMEOUT = timeout;
    const worker = await stage.start('--name', 'w', '-j', '2');
    await until('the task has begun', () => existsSync(notes));
    redis.pause();
    gate.open();
    await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
    if (length === 'longer') await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
    redis.resume();
    await stage.untilState(id, 'finished');
    await stage.untilState(await put('quick#nothing'), 'finished');
    await until('it hears', async () =>
      (await client.pubsub('NUMSUB', 'rq:pubsub:w.1', 'rq:pubsub:w.2')).every(count => count !== 0),
    );
    for (const name of ['w.1', 'w.2']) assert.equal((await stage.rqt('shutdown', name)).status, 0);
    const ran = await worker.ended;
    assert.equal(ran.status, 0, ran.stderr);
    const lost = told(ran, /Redis connection lost/);
    if (length === 'longer') {
      assert.equal(lost.length, 1, ran.stderr);
      assert.match(lost[0] ?? '', /no answer within/);
    }
    assert.deepEqual(told(ran, /Late result dropped|Lease lost|trying again: [^n]/), []);
    assert.equal(readFileSync(notes, 'utf8'), 'begin\nend\n');
    assert.equal(await client.xlen(`rq:results:${id}`), 1);
    assert.equal((await stage.status(id)).attempt_count, 1);
  });
}

test('each command on a Redis that is stopped ends with 69 and one line, and nothing of it is done later', async () => {
  await put('quick#nothing', { id: 'there' });
  const before = await client.hgetall('rq:job:there');
  redis.pause();
  const commands = [
    ['enqueue', 'quick#nothing'],
    ['cancel', 'there'],
    ['delete', 'there'],
    ['empty', 'default'],
    ['requeue', 'there'],
    ['suspend'],
    ['stop', 'there'],
    ['shutdown', 'w'],
    ['info'],
    ['status', 'there'],
    ['jobs'],
    ['result', 'there'],
    ['logs', 'there'],
    ['wait', 'there'],
    ['fsck'],
    ['worker', '--burst'],
  ];
  for (const args of commands) {
    const { status, stdout, stderr } = await stage.rqt(...args);
    assert.deepEqual([status, stdout], [69, ''], `${args.join(' ')}: ${stderr}`);
    assert.match(
      stderr,
      /^rqt: Redis at \S+ \(from RQT_REDIS_URL\) cannot be reached: no answer within 1 s \(see that it is up, or correct RQT_REDIS_URL\)\n$/,
    );
  }
  redis.resume();
  assert.deepEqual((await client.keys('rq:*')).sort(), ['rq:job:there', 'rq:queue:default', 'rq:queues']);
  assert.deepEqual(await client.hgetall('rq:job:there'), before);
});

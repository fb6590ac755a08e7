import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesOf, newFolder } from '../helpers/space.ts';
import { openLives, redisSeconds } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test('--repeat 2 runs a job three times in all, and it is finished', async () => {
  const life = await newLife();
  const notes = join(newFolder(), 'notes');
  const id = await life.enqueue('t#note', notes, 'ran', '--repeat', '2');
  assert.equal(await life.field(id, 'repeats_left'), '2');
  await life.burst();
  assert.deepEqual(linesOf(readFileSync(notes, 'utf8')), ['ran', 'ran', 'ran']);
  assert.deepEqual([await life.state(id), await life.field(id, 'repeats_left')], ['finished', '0']);
  assert.deepEqual(await life.queued(), []);
});

test('--repeat-interval schedules the next run so long after a success', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--repeat', '2', '--repeat-interval', '1h');
  assert.equal(await life.field(id, 'repeat_intervals'), '[3600]');
  for (const left of ['1', '0']) {
    const before = await redisSeconds(redis);
    await life.burst();
    const due = Number(await client.zscore(life.key('scheduled:default'), id));
    assert.ok(due >= before + 3600 && due <= (await redisSeconds(redis)) + 3601);
    assert.deepEqual([await life.state(id), await life.field(id, 'repeats_left')], ['scheduled', left]);
    await client.zadd(life.key('scheduled:default'), 1, id);
  }
  await life.burst();
  assert.equal(await life.state(id), 'finished');
  assert.deepEqual(await life.members('scheduled'), []);
});

test('a repeat is run when it is due', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--repeat', '1', '--repeat-interval', '1s');
  assert.equal((await life.burst('--settle')).status, 0);
  assert.deepEqual([await life.state(id), await life.field(id, 'rqt_attempts')], ['finished', '2']);
});

test('each run may lose as many workers, and ask for as many retries, as the first one', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--repeat', '1', '--repeat-interval', '1h');
  await client.hset(life.key(`job:${id}`), { rqt_crashes: 3, rqt_asked_retries: 2 });
  await life.burst();
  assert.deepEqual(
    [await life.state(id), await life.field(id, 'rqt_crashes'), await life.field(id, 'rqt_asked_retries')],
    ['scheduled', null, null],
  );
});

test('a failure ends the repetition, and the job is in one registry', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--repeat', '3', '--repeat-interval', '1h');
  await life.burst();
  await client.zadd(life.key('scheduled:default'), 1, id);
  await client.hset(life.key(`job:${id}`), 'data', JSON.stringify(['t#fail', null, [], {}]));
  await life.burst();
  assert.equal(await life.state(id), 'failed');
  assert.deepEqual([await life.members('failed'), await life.members('finished')], [[id], []]);
});

test('a repeated job that is canceled is in one registry', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--repeat', '3', '--repeat-interval', '1h', '--result-ttl', '-1');
  await life.burst();
  await life.run(['cancel', id]);
  assert.deepEqual(
    [await life.members('canceled'), await life.members('finished'), await life.members('scheduled')],
    [[id], [], []],
  );
});

test('children of a repeated job run after its first success, once', async () => {
  const life = await newLife();
  const notes = join(newFolder(), 'notes');
  await life.enqueue('t#nothing', '--job-id', 'parent', '--repeat', '2');
  await life.enqueue('t#note', notes, 'child', '--depends-on', 'parent');
  await life.burst();
  assert.deepEqual(linesOf(readFileSync(notes, 'utf8')), ['child']);
});

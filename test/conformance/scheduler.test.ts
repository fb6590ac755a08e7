import assert from 'node:assert/strict';
import { redisSeconds } from '../life/life.ts';
import { endWarmly, openCases } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('enqueue_at scores a job by its due time in the registry of its queue; it is on no queue', async life => {
  const id = await life.enqueue('t#nothing', '--schedule-at', '2100-01-01T00:00:00Z');
  assert.equal(await client.zscore(life.key('scheduled:default'), id), String(Date.UTC(2100, 0, 1) / 1000));
  assert.deepEqual([await life.state(id), await life.queued()], ['scheduled', []]);
});

rq('enqueue_in adds its time to now', async life => {
  const id = await life.enqueue('t#nothing', '--schedule-in', '1000');
  const left = Number(await client.zscore(life.key('scheduled:default'), id)) - (await redisSeconds(redis));
  assert.ok(left > 0 && left <= 1001, `${left} s`);
});

rq('a time without a zone is local, one with a zone is that zone’s', async life => {
  const due = async (at: string) => {
    const { stdout } = await life.run(['enqueue', 't#nothing', '--schedule-at', at], { env: { TZ: 'Asia/Tokyo' } });
    return client.zscore(life.key('scheduled:default'), stdout.trim());
  };
  const tokyo = Date.UTC(2099, 11, 31, 15) / 1000;
  assert.deepEqual([await due('2100-01-01T00:00:00'), await due('2100-01-01T00:00:00+09:00')], [String(tokyo), String(tokyo)]);
});

rq('the scheduler enqueues what is due and nothing else, oldest first', async life => {
  for (const id of ['b', 'a', 'later']) await life.enqueue('t#nothing', '--job-id', id, '--schedule-in', '1h');
  await client.zadd(life.key('scheduled:default'), 20, 'b', 10, 'a');
  const { stderr } = await life.burst();
  const order = [...stderr.matchAll(/Job OK \((\w+)\)/g)].map(([, id]) => id);
  assert.deepEqual([order, await life.members('scheduled')], [['a', 'b'], ['later']]);
});

rq('a job scheduled at_front comes to stand at the front when it is due', async life => {
  await life.enqueue('t#nothing', '--job-id', 'waiting');
  await life.enqueue('t#nothing', '--job-id', 'front', '--schedule-in', '1h', '--at-front');
  assert.equal(await life.field('front', 'enqueue_at_front'), '1');
  await client.zadd(life.key('scheduled:default'), 1, 'front');
  const { stderr } = await life.burst();
  assert.deepEqual(
    [...stderr.matchAll(/Job OK \((\w+)\)/g)].map(([, id]) => id),
    ['front', 'waiting'],
  );
});

rq('one scheduler holds a lock for each queue | here: none is needed, many workers enqueue a due job once', async life => {
  const id = await life.enqueue('t#nothing', '--schedule-in', '1s');
  const workers = ['w1', 'w2'].map(name => life.worker('--name', name));
  await life.untilState(id, 'finished');
  assert.equal(await client.exists(life.key('scheduler-lock:default')), 0);
  assert.equal((await life.status(id)).attempts.length, 1);
  await Promise.all(workers.map(endWarmly));
});

rq('a scheduled job that is canceled or deleted leaves the registry', async life => {
  const [canceled, deleted] = [
    await life.enqueue('t#nothing', '--schedule-in', '1h'),
    await life.enqueue('t#nothing', '--schedule-in', '1h'),
  ];
  await life.run(['cancel', canceled]);
  await life.run(['delete', deleted]);
  assert.deepEqual([await life.members('scheduled'), await life.members('canceled')], [[], [canceled]]);
});

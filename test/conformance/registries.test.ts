import assert from 'node:assert/strict';
import { redisSeconds } from '../life/life.ts';
import { endWarmly, openCases, startBusy } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('a running job is in the started registry alone, under its execution, until its lease is over', async life => {
  const { id, worker, open } = await startBusy(life);
  const [member = '', score] = await client.zrange(life.key('wip:default'), '0', '-1', 'WITHSCORES');
  assert.ok(member.startsWith(`${id}:`) && Number(score) > (await redisSeconds(redis)));
  assert.deepEqual([await life.queued(), await life.members('finished')], [[], []]);
  open();
  await life.untilState(id, 'finished');
  assert.deepEqual([await life.members('wip'), await life.members('finished')], [[], [id]]);
  await endWarmly(worker);
});

rq('a finished job stays in its registry for its result ttl, -1 for ever, 0 not at all', async life => {
  for (const [id, ttl] of [
    ['short', '100'],
    ['ever', '-1'],
    ['never', '0'],
  ])
    await life.enqueue('t#nothing', '--job-id', id ?? '', `--result-ttl=${ttl}`);
  await life.burst();
  const score = async (id: string) => client.zscore(life.key('finished:default'), id);
  const left = Number(await score('short')) - (await redisSeconds(redis));
  assert.ok(left > 0 && left <= 100, `${left} s`);
  assert.deepEqual([await score('ever'), await score('never'), await life.state('never')], ['inf', null, null]);
  assert.equal(await client.ttl(life.key('job:ever')), -1);
});

rq('a failed job is kept for a year, or as its failure ttl says; -1 is for ever', async life => {
  await life.enqueue('t#fail', '--job-id', 'year');
  await life.enqueue('t#fail', '--job-id', 'short', '--failure-ttl', '100');
  await life.enqueue('t#fail', '--job-id', 'ever', '--failure-ttl=-1');
  await life.burst();
  const now = await redisSeconds(redis);
  const left = async (id: string) => Number(await client.zscore(life.key('failed:default'), id)) - now;
  const [year, short] = [await left('year'), await left('short')];
  assert.ok(year > 31_536_000 - 60 && year <= 31_536_001, `${year} s`);
  assert.ok(short > 0 && short <= 101, `${short} s`);
  assert.deepEqual([await client.zscore(life.key('failed:default'), 'ever'), await client.ttl(life.key('job:ever'))], ['-1', -1]);
});

rq('cleaning removes finished and failed entries whose time is over, and leaves deferred ones', async life => {
  const parent = await life.enqueue('-q', 'elsewhere', 't#nothing');
  const child = await life.enqueue('t#nothing', '--depends-on', parent);
  for (const registry of ['finished', 'failed']) await client.zadd(life.key(`${registry}:default`), 1, 'old');
  await client.zadd(life.key('deferred:default'), 1, child);
  await life.burst();
  for (const registry of ['finished', 'failed'])
    assert.equal(await client.zscore(life.key(`${registry}:default`), 'old'), null, registry);
  assert.deepEqual([await life.members('deferred'), await life.state(child)], [[child], 'deferred']);
});

rq('reading a registry cleans it | here: reading changes nothing; workers clean', async life => {
  await life.enqueue('t#nothing');
  await client.zadd(life.key('wip:default'), 1, 'gone:x');
  for (const command of [['info'], ['jobs', '-s', 'started'], ['info', '-R']]) await life.run(command);
  assert.deepEqual(await life.members('wip'), ['gone:x']);
});

rq(
  'a job whose lease is over is failed as abandoned | here: it is put back at the front and run; after three crashes it fails',
  async life => {
    const id = await life.enqueue('t#nothing');
    const { worker } = await startBusy(life, { worker: ['busy'], job: ['-q', 'busy', '--job-id', 'lost'] });
    worker.child.kill('SIGKILL');
    await worker.ended;
    const [member = ''] = await life.members('wip', 'busy');
    await client.zadd(life.key('wip:busy'), 1, member);
    await client.hset(life.key('job:lost'), 'rqt_crashes', '3');
    await life.burst('default', 'busy');
    assert.deepEqual([await life.state(id), await life.state('lost')], ['finished', 'failed']);
    assert.deepEqual(await life.members('failed', 'busy'), ['lost']);
  },
);

rq('requeue moves a job from failed to the back of its queue and clears when it began and ended', async life => {
  const id = await life.enqueue('t#fail');
  await life.burst();
  const waiting = await life.enqueue('t#nothing');
  await life.run(['requeue', id]);
  assert.deepEqual([await life.queued(), await life.members('failed'), await life.state(id)], [[waiting, id], [], 'queued']);
  assert.deepEqual([await life.field(id, 'started_at'), await life.field(id, 'ended_at')], ['', '']);
});

rq(
  'requeueing a job that is not among the failed is refused | here: any that has ended may be run again, a waiting one not (1)',
  async life => {
    const id = await life.enqueue('t#nothing');
    assert.equal((await life.run(['requeue', id])).status, 1);
    await life.burst();
    assert.equal((await life.run(['requeue', id])).status, 0);
    assert.equal((await life.run(['requeue', 'nobody'])).status, 66);
  },
);

rq('deleting a job removes it from its registry', async life => {
  const [failed, finished] = [await life.enqueue('t#fail'), await life.enqueue('t#nothing')];
  await life.burst();
  await life.run(['delete', failed, finished]);
  assert.deepEqual([await life.members('failed'), await life.members('finished'), await life.state(failed)], [[], [], null]);
});

rq('a canceled job is in the canceled registry and on no queue', async life => {
  const id = await life.enqueue('t#nothing');
  await life.run(['cancel', id]);
  assert.deepEqual([await life.members('canceled'), await life.queued(), await life.state(id)], [[id], [], 'canceled']);
});

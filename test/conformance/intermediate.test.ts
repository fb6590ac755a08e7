import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { endWarmly, openCases, startBusy, untilListening } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq(
  'a worker of one queue moves a job to its intermediate list | here: to its lease, in the step that takes it; the list stays empty',
  async life => {
    const { id, worker, open } = await startBusy(life);
    assert.equal(await client.exists(life.key('queue:default:intermediate')), 0);
    assert.deepEqual(
      (await life.members('wip')).map(member => member.split(':')[0]),
      [id],
    );
    open();
    await life.untilState(id, 'finished');
    await endWarmly(worker);
  },
);

rq(
  'a job whose worker dies right after taking it is failed a minute later | here: it is put back, and nothing has failed',
  async life => {
    const { id, worker, open } = await startBusy(life);
    worker.child.kill('SIGKILL');
    await worker.ended;
    open();
    const next = life.worker('--name', 'next');
    await life.untilState(id, 'finished');
    assert.deepEqual([(await life.status(id)).crashes, await life.members('failed')], [1, []]);
    await endWarmly(next);
  },
);

rq('an id on the intermediate list whose job runs, or has ended, is not touched', async life => {
  const done = await life.enqueue('t#nothing');
  await life.burst();
  await client.rpush(life.key('queue:default:intermediate'), done);
  const { id, worker, open } = await startBusy(life);
  await client.rpush(life.key('queue:default:intermediate'), id);
  const other = life.worker('--name', 'other', '--maintenance-interval', '1');
  await untilListening(other);
  assert.deepEqual([await life.state(done), await life.state(id)], ['finished', 'started']);
  open();
  await life.untilState(id, 'finished');
  await until('nothing is queued', async () => (await life.queued()).length === 0);
  await Promise.all([endWarmly(worker), endWarmly(other)]);
  for (const job of [done, id]) assert.equal((await life.status(job)).attempts.length, 1);
});

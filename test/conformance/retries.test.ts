import assert from 'node:assert/strict';
import { newFolder } from '../helpers/space.ts';
import { redisSeconds } from '../life/life.ts';
import { openCases, resultsOf } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

const AGAIN = `
import { Retry } from 'rqt/task';
export const twice = () => { throw new Retry({ max: 2 }); };
export const later = () => { throw new Retry({ max: 2, in: 10 }); };
`;

rq('a failed job with retries left goes back to its queue with one less, and is not in the failed registry', async life => {
  const id = await life.enqueue('t#fail', '--retry-max', '3');
  await life.burst('--max-jobs', '1');
  assert.deepEqual([await life.queued(), await life.field(id, 'retries_left'), await life.members('failed')], [[id], '2', []]);
});

rq('a retry with an interval waits in the scheduled registry, for the interval of its turn', async life => {
  const id = await life.enqueue('t#fail', '--retry-max', '2', '--retry-interval', '600', '--retry-interval', '6000');
  await life.burst();
  const wait = async () => Number(await client.zscore(life.key('scheduled:default'), id)) - (await redisSeconds(redis));
  const first = await wait();
  await client.zadd(life.key('scheduled:default'), 1, id);
  await life.burst();
  const second = await wait();
  assert.ok(first <= 601 && first > 0 && second <= 6001 && second > 601, `${first}, ${second}`);
  assert.deepEqual([await life.state(id), await life.field(id, 'retries_left')], ['scheduled', '0']);
});

rq('without retries left a job fails for good', async life => {
  const id = await life.enqueue('t#fail', '--retry-max', '2');
  await life.burst();
  assert.deepEqual(
    [await life.state(id), await life.field(id, 'retries_left'), await life.members('failed')],
    ['failed', '0', [id]],
  );
  assert.equal((await resultsOf(redis, life, id)).length, 3);
});

rq('Retry refuses a number below 1 and an interval below 0', async life => {
  for (const flags of [['--retry-max=0'], ['--retry-max=-1'], ['--retry-max=3', '--retry-interval=-5']])
    assert.equal((await life.run(['enqueue', 't#fail', ...flags])).status, 64, flags.join(' '));
});

rq('a job whose worker dies spends a retry | here: it does not; crashes have a budget of their own', async life => {
  const file = `${newFolder()}/gate`;
  const id = await life.enqueue('t#gate', file, '--retry-max', '1', '--max-crashes', '0');
  const worker = life.worker('--name', 'w');
  await life.untilState(id, 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
  await life.burst();
  assert.deepEqual([await life.state(id), await life.field(id, 'retries_left')], ['failed', '1']);
});

rq(
  'a task that asks for a retry is tried again, each time with a result of type 4, and with one of type 5 after the last',
  async life => {
    const path = newFolder({ 'again.mjs': AGAIN });
    const id = await life.enqueue('again#twice');
    await life.burst('--path', path);
    const types = (await resultsOf(redis, life, id)).map(({ type }) => type);
    assert.deepEqual([await life.state(id), types], ['failed', ['4', '4', '5']]);
  },
);

rq('a task that asks for a retry in ten seconds is scheduled', async life => {
  const path = newFolder({ 'again.mjs': AGAIN });
  const id = await life.enqueue('again#later');
  await life.burst('--path', path);
  assert.deepEqual([await life.state(id), await life.members('scheduled')], ['scheduled', [id]]);
});

rq('a scheduled job keeps its retries and their intervals | here: written out, one for each retry', async life => {
  const id = await life.enqueue('t#fail', '--schedule-in', '1h', '--retry-max', '3', '--retry-interval', '2');
  assert.deepEqual([await life.field(id, 'retries_left'), await life.field(id, 'retry_intervals')], ['3', '[2,2,2]']);
});

rq('--repeat runs a job again after each success, as often as said', async life => {
  const id = await life.enqueue('t#nothing', '--repeat', '2');
  await life.burst();
  assert.deepEqual([(await resultsOf(redis, life, id)).length, await life.field(id, 'repeats_left')], [3, '0']);
});

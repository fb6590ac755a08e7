import assert from 'node:assert/strict';
import { readRqJob } from '../helpers/rq-reader.ts';
import { openCases } from './rq.ts';

const { rq, redis } = await openCases();

rq('unique refuses the id of a job that there is with an error | here: 0 and that job’s id; without --unique 1', async life => {
  const enqueue = (...flags: string[]) => life.run(['enqueue', 't#nothing', '--job-id', 'only', ...flags]);
  await enqueue();
  const [again, plain] = [await enqueue('--unique'), await enqueue()];
  assert.deepEqual([again.status, again.stdout, plain.status, plain.stdout], [0, 'only\n', 1, '']);
  assert.deepEqual(await life.queued(), ['only']);
});

rq(
  'without unique the same id overwrites the job and is listed twice | here: a job that has not ended is left as it is',
  async life => {
    await life.enqueue('t#echo', 'first', '--job-id', 'same');
    await life.run(['enqueue', 't#echo', 'second', '--job-id', 'same']);
    const { call } = await readRqJob(redis.client, life.namespace, 'same');
    assert.deepEqual([call[2], await life.queued()], [['first'], ['same']]);
  },
);

rq('unique refuses a finished job’s id until that is deleted | here: one that has ended is replaced', async life => {
  await life.enqueue('t#echo', 'first', '--job-id', 'same', '--unique');
  await life.burst();
  await life.enqueue('t#echo', 'second', '--job-id', 'same', '--unique');
  const { call, fields } = await readRqJob(redis.client, life.namespace, 'same');
  assert.deepEqual([call[2], fields.status], [['second'], 'queued']);
});

rq('after a unique job is deleted its id can be used again', async life => {
  await life.enqueue('t#nothing', '--job-id', 'same', '--unique');
  await life.run(['delete', 'same']);
  await life.enqueue('t#nothing', '--job-id', 'same', '--unique');
  assert.deepEqual(await life.queued(), ['same']);
});

rq('unique needs a job id | here: without one it is derived from queue, task and arguments', async life => {
  const first = await life.enqueue('t#echo', 'a', '--unique');
  assert.equal(await life.enqueue('t#echo', 'a', '--unique'), first);
  const others = [await life.enqueue('t#echo', 'b', '--unique'), await life.enqueue('t#echo', 'a', '--unique', '-q', 'other')];
  assert.equal(new Set([first, ...others]).size, 3);
});

rq('unique holds for scheduled jobs', async life => {
  const schedule = () => life.enqueue('t#nothing', '--job-id', 'later', '--unique', '--schedule-in', '1h');
  assert.deepEqual([await schedule(), await schedule(), await life.members('scheduled')], ['later', 'later', ['later']]);
});

rq('unique together with depends_on is refused | here: it is as unique as any other job', async life => {
  const parent = await life.enqueue('t#nothing');
  const child = () => life.enqueue('t#nothing', '--job-id', 'child', '--unique', '--depends-on', parent);
  assert.deepEqual([await child(), await child(), await life.members('deferred')], ['child', 'child', ['child']]);
});

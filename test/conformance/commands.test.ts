import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { endWarmly, openCases, startBusy, untilListening } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('shutdown over a worker’s channel lets the running job finish and ends the worker', async life => {
  const { id, worker, open } = await startBusy(life);
  await client.publish(life.key('pubsub:w'), JSON.stringify({ command: 'shutdown' }));
  await until('it has heard', () => /warm shut down requested/i.test(worker.printed.stderr));
  open();
  assert.deepEqual([(await worker.ended).status, await life.state(id)], [0, 'finished']);
});

rq('kill-horse over the channel fails the running job; an idle worker takes no harm', async life => {
  const { id, worker } = await startBusy(life);
  const kill = () => client.publish(life.key('pubsub:w'), JSON.stringify({ command: 'kill-horse' }));
  await kill();
  await life.untilState(id, 'failed');
  await kill();
  await life.untilState(await life.enqueue('t#nothing'), 'finished');
  await endWarmly(worker);
});

rq('stop-job over the channel stops that job and no other, without a retry', async life => {
  const { id, worker } = await startBusy(life, { job: ['--retry-max', '2'] });
  const stop = (job: string) => client.publish(life.key('pubsub:w'), JSON.stringify({ command: 'stop-job', job_id: job }));
  await stop('another');
  assert.equal(await life.state(id), 'started');
  await stop(id);
  await life.untilState(id, 'stopped');
  assert.deepEqual([await life.members('failed'), await life.queued()], [[id], []]);
  await endWarmly(worker);
});

rq('stopping a job that does not run is an error | here: 1 and a line, and the job stays as it is', async life => {
  const id = await life.enqueue('t#nothing');
  assert.deepEqual([(await life.run(['stop', id])).status, await life.state(id)], [1, 'queued']);
});

rq('a worker hears commands again after its connection was cut', async life => {
  const worker = life.worker('--name', 'w');
  await untilListening(worker);
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until('it listens again', async () => Number((await client.pubsub('NUMSUB', life.key('pubsub:w')))[1]) > 0);
  await client.publish(life.key('pubsub:w'), JSON.stringify({ command: 'shutdown' }));
  assert.equal((await worker.ended).status, 0);
});

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Running } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { openStage } from './stage.ts';

const stage = await openStage();
const { put, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());

for (const killed of [false, true]) {
  const when = killed ? ', also after its connections were cut' : '';

  test(`RQ’s shutdown finishes the running job and stops${when}`, async () => {
    const { id, worker, gate } = await startBusy(killed);
    await say({ command: 'shutdown' });
    await until('it has heard', () => /warm shut down requested/.test(worker.printed.stderr));
    gate.open();
    assert.equal((await worker.ended).status, 0);
    assert.equal((await stage.job(id)).status, 'finished');
  });

  test(`RQ’s stop-job stops the running job, without a retry${when}`, async () => {
    const { id, worker } = await startBusy(killed, { retries_left: 2 });
    await say({ command: 'stop-job', job_id: id });
    await stage.untilState(id, 'stopped');
    assert.match((await stage.status(id)).error ?? '', /^Job stopped by user, work-horse terminated\./);
    const [entry] = await client.xrange(`rq:results:${id}`, '-', '+');
    assert.ok(entry?.[1].join(' ').includes('type'));
    assert.deepEqual(await stage.places(id), ['failed:default']);
    await goesOn(worker);
  });

  test(`RQ’s kill-horse ends the running job as failed${when}`, async () => {
    const { id, worker } = await startBusy(killed);
    await say({ command: 'kill-horse' });
    await stage.untilState(id, 'failed');
    assert.match((await stage.status(id)).error ?? '', /kill/i);
    await goesOn(worker);
  });
}

test('stop-job for another job than the running one changes nothing', async () => {
  const { id, worker, gate } = await startBusy(false);
  await say({ command: 'stop-job', job_id: 'another' });
  await say({ command: 'nonsense' });
  await client.publish('rq:pubsub:w', 'no JSON');
  gate.open();
  await stage.untilState(id, 'finished');
  await goesOn(worker);
});

test('a kill that is heard when the next job runs already does not end that', async () => {
  const gate = stage.gate();
  const id = await stage.put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--name', 'w');
  await stage.untilState(id, 'started');
  await say({ command: 'kill-horse', rqt_execution: 'of-the-job-before' });
  gate.open();
  await stage.untilState(id, 'finished');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

test('kill-horse and stop-job for an idle worker change nothing', async () => {
  const worker = await stage.start('--name', 'w');
  await say({ command: 'kill-horse' });
  await say({ command: 'stop-job', job_id: 'any' });
  await goesOn(worker);
});

test('shutdown wakes a waiting worker', async () => {
  const worker = await stage.start('--name', 'w');
  await until('it waits', async () => /cmd=blmove/.test(String(await client.client('LIST'))));
  await say({ command: 'shutdown' });
  assert.equal((await worker.ended).status, 0);
});

test('rqt cancel stops a running job and waits until it has', async () => {
  const { id, worker } = await startBusy(false);
  const ran = await stage.rqt('cancel', id);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal((await stage.job(id)).status, 'stopped');
  await goesOn(worker);
});

async function startBusy(cutConnections: boolean, fields: Record<string, number> = {}) {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file], fields });
  const worker = await stage.start('--name', 'w', '--grace', '0');
  await stage.untilState(id, 'started');
  if (cutConnections) {
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until('it is subscribed again', async () => (await client.pubsub('NUMSUB', 'rq:pubsub:w'))[1] === 1);
    await until('its connection is back', () => /is back/.test(worker.printed.stderr));
  }
  return { id, worker, gate };
}

async function say(message: object): Promise<void> {
  await until('somebody hears', async () => (await client.publish('rq:pubsub:w', JSON.stringify(message))) === 1);
}

async function goesOn(worker: Running): Promise<void> {
  const id = await put('quick#nothing');
  await stage.untilState(id, 'finished');
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
}

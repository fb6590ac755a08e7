import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { type Lab, openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, python } = lab;
const { client } = lab.redis;

interop('cancel: a queued, a deferred and a scheduled job are canceled and do not run', async () => {
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const ids = [
    await enqueue('quick#nothing'),
    await enqueue('--depends-on', parent, '--on-parent-failure', 'wait', 'quick#nothing'),
    await enqueue('--schedule-in', '1h', 'quick#nothing'),
  ];
  await python.run('for id in ids: fetch(id).cancel()', { ids });
  await burst('default', 'other');
  assert.deepEqual(await lab.states(...ids), ['canceled', 'canceled', 'canceled']);
  for (const id of ids) assert.deepEqual(await lab.places(id), ['canceled:default']);
  const info = await infoOf(lab, 'default');
  assert.deepEqual([info.queued, info.deferred, info.scheduled, info.canceled, info.finished], [0, 0, 0, 3, 0]);
  // What Python canceled, rqt can run after all.
  assert.equal((await lab.rqt('requeue', ...ids)).status, 0);
  assert.equal((await burst()).status, 0);
  assert.equal((await infoOf(lab, 'default')).finished, 3);
});

interop('cancel of a running job: its worker lets go of it, its late result is dropped', async () => {
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const next = await enqueue('quick#nothing');
  const worker = await lab.start('--name', 'ts', '--burst', '--job-monitoring-interval', '1s', '--grace', '1s');
  await lab.untilState(id, 'started');
  await python.run('fetch(id).cancel()', { id });
  await worker.ended;
  assert.deepEqual([(await lab.status(id)).state, await lab.places(id)], ['canceled', ['canceled:default']]);
  assert.equal((await lab.status(next)).state, 'finished');
  assert.deepEqual(
    await python.run('return [len(fetch(id).results()), fetch(id).execution_registry.get_execution_ids()]', { id }),
    [0, []],
  );
});

interop('cancel with remove_from_dependencies and with enqueue_dependents', async () => {
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const alone = await enqueue('--depends-on', parent, 'quick#nothing');
  const child = await enqueue('--depends-on', parent, 'quick#nothing');
  await python.run('fetch(alone).cancel(remove_from_dependencies=True); fetch(parent).cancel(enqueue_dependents=True)', {
    parent,
    alone,
  });
  await burst('default', 'other');
  assert.deepEqual(await lab.states(parent, alone, child), ['canceled', 'canceled', 'finished']);
  assert.deepEqual(await client.keys('rq:deferred:*'), []);
});

interop('cancel of a parent: a child that is to end with it is canceled by the next worker that looks', async () => {
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const child = await enqueue('--depends-on', parent, 'quick#nothing');
  const waiting = await enqueue('--depends-on', parent, '--on-parent-failure', 'wait', 'quick#nothing');
  const grandchild = await enqueue('--depends-on', child, 'quick#nothing');
  await python.run('fetch(parent).cancel()', { parent });
  await burst();
  assert.equal((await lab.status(child)).cancel_reason, `its parent ${parent} was canceled`);
  assert.deepEqual(await lab.states(child, grandchild, waiting), ['canceled', 'canceled', 'deferred']);
});

interop('delete: jobs of every state that waits or has ended are gone for rqt', async () => {
  const ended = [await enqueue('quick#nothing'), await enqueue('--group', 'g', 'quick#fail')];
  await burst();
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const ids = [
    ...ended,
    await enqueue('quick#nothing'),
    await enqueue('--depends-on', parent, 'quick#nothing'),
    await enqueue('--schedule-in', '1h', 'quick#nothing'),
  ];
  await python.run('for id in ids: fetch(id).delete()', { ids });
  const ran = await lab.rqt('status', '--json', ...ids);
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  for (const id of ids) assert.deepEqual(await lab.places(id), []);
  assert.equal((await lab.rqt('jobs', '--json', '-q', 'default')).stdout, '');
  assert.equal((await burst('default', 'other')).status, 0);
});

interop('delete of a running job: its worker lets go of it and leaves nothing of it', async () => {
  const id = await enqueue('slow#forever');
  const worker = await lab.start('--burst', '--job-monitoring-interval', '1s', '--grace', '1s');
  await lab.untilState(id, 'started');
  await python.run('fetch(id).delete()', { id });
  await worker.ended;
  assert.deepEqual(
    (await client.keys('*')).filter(key => key.includes(id)),
    [],
  );
  assert.equal((await infoOf(lab, 'default')).started, 0);
});

interop('delete of a job that writes leaves none of its output', async () => {
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--burst', '--job-monitoring-interval', '1s', '--grace', '1s');
  await until('its output is kept', async () => (await client.exists(`rq:rqt:output:${id}`)) === 1);
  await python.run('fetch(id).delete()', { id });
  await worker.ended;
  assert.deepEqual(
    (await client.keys('*')).filter(key => key.includes(id)),
    [],
  );
});

interop('requeue of a failed and of a stopped job: it runs again', async () => {
  const failed = await enqueue('quick#failUntil', ':2');
  await burst();
  const stopped = await enqueue('slow#gate', '/dev/null/never', '--failure-ttl', '5m');
  const worker = await lab.start('--burst');
  await lab.untilState(stopped, 'started');
  await lab.rqt('stop', stopped);
  await worker.ended;
  await python.run('for id in (failed, stopped): fetch(id).requeue()', { failed, stopped });
  const info = await infoOf(lab, 'default');
  assert.deepEqual([info.queued, info.failed], [2, 0]);
  const again = await lab.start();
  await lab.untilState(failed, 'finished');
  await lab.untilState(stopped, 'started');
  assert.equal(await client.ttl(`rq:job:${stopped}`), -1);
  await lab.rqt('stop', stopped);
  await lab.untilState(stopped, 'stopped');
  again.child.kill('SIGTERM');
  await again.ended;
  assert.equal((await lab.status(failed)).result, 2);
});

interop('requeue from the registry, at the front, and by rq requeue --all', async () => {
  const ids = [
    await enqueue('quick#failUntil', ':2'),
    await enqueue('quick#failUntil', ':2'),
    await enqueue('quick#failUntil', ':2'),
  ];
  await burst();
  const last = await enqueue('quick#nothing');
  await python.run('queue().failed_job_registry.requeue(id, at_front=True)', { id: ids[2] });
  await lab.rq('requeue', '--queue', 'default', '-S', 'json', '--all');
  const order = await client.lrange('rq:queue:default', 0, -1);
  assert.deepEqual([order.slice(0, 2), new Set(order.slice(2))], [[ids[2], last], new Set(ids.slice(0, 2))]);
  assert.equal((await burst()).status, 0);
  assert.equal((await infoOf(lab, 'default')).finished, 4);
});

interop('enqueue_dependents: children of a parent that has finished elsewhere run', async () => {
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const child = await enqueue('--depends-on', parent, '--on-parent-failure', 'wait', 'quick#nothing');
  await python.run('job = fetch(id); job.set_status(JobStatus.FINISHED); queue("other").enqueue_dependents(job)', { id: parent });
  assert.deepEqual(await lab.places(child), ['queue:default']);
  await burst();
  assert.equal((await lab.status(child)).state, 'finished');
});

interop('queue.empty, and rq empty: the jobs are gone, their children do not wait for ever', async () => {
  for (const empty of [() => python.run('queue().empty()'), () => lab.rq('empty', 'default')]) {
    const ids = [await enqueue('quick#nothing'), await enqueue('quick#nothing')];
    const child = await enqueue('-q', 'other', '--depends-on', ids[0] ?? '', 'quick#nothing');
    await empty();
    assert.equal((await infoOf(lab, 'default')).queued, 0);
    assert.equal((await lab.rqt('status', '--json', ...ids)).stdout, '');
    await burst('other');
    assert.equal((await lab.status(child)).cancel_reason, `its parent ${ids[0]} is gone`);
  }
});

interop('registry cleanup while an rqt worker runs takes nothing from it', async () => {
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--name', 'ts');
  await lab.untilState(id, 'started');
  await python.run(
    `
    found = queue()
    rq.registry.clean_registries(found)
    found.started_job_registry.cleanup()
    fetch(id).execution_registry.cleanup()
    rq.worker_registration.clean_worker_registry(found)
    Group.clean_registries(connection=connection)`,
    { id },
  );
  assert.equal((await lab.status(id)).state, 'started');
  assert.deepEqual(
    (await lab.json<{ workers: { name: string }[] }>('info')).workers.map(({ name }) => name),
    ['ts'],
  );
  gate.open();
  await lab.untilState(id, 'finished');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

interop('registry cleanup after an rqt worker was killed: RQ fails the job, and rqt says so', async () => {
  const id = await enqueue('slow#forever');
  const retried = await enqueue('--retry-max', '1', 'quick#nothing');
  const worker = await lab.start('--job-monitoring-interval', '1s');
  await lab.untilState(id, 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
  await python.run('queue().started_job_registry.cleanup(timestamp=datetime.now().timestamp() + 10)');
  const status = await lab.status(id);
  assert.deepEqual([status.state, await lab.places(id)], ['failed', ['failed:default']]);
  assert.match(String(status.error), /AbandonedJobError/);
  assert.equal((await burst()).status, 0);
  assert.deepEqual(await lab.states(id, retried), ['failed', 'finished']);
  assert.equal((await infoOf(lab, 'default')).started, 0);
});

interop('what RQ’s cleanup leaves of an execution does not keep the next one from being put back', async () => {
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const kill = async () => {
    const worker = await lab.start('--job-monitoring-interval', '1s');
    await lab.untilState(id, 'started');
    worker.child.kill('SIGKILL');
    await worker.ended;
  };
  await kill();
  await python.run('queue().started_job_registry.cleanup(timestamp=datetime.now().timestamp() + 10)');
  await python.run('fetch(id).requeue()', { id });
  await kill();
  gate.open();
  await burst('--job-monitoring-interval', '1s');
  const { state, crashes } = await lab.status(id);
  assert.deepEqual([state, crashes], ['finished', 1]);
});

interop('what Python writes to a running job stays', async () => {
  const gate = lab.gate();
  const id = await enqueue('--meta', 'a=b', 'slow#gate', gate.file);
  const worker = await lab.start('--burst');
  await lab.untilState(id, 'started');
  await python.run('job = fetch(id); job.meta["note"] = "von außen"; job.save_meta()', { id });
  gate.open();
  await worker.ended;
  const { meta } = await lab.json<{ meta: unknown }>('status', id);
  assert.deepEqual(meta, { a: 'b', note: 'von außen' });
});

interface QueueRow {
  readonly name: string;
  readonly queued: number;
  readonly started: number;
  readonly deferred: number;
  readonly scheduled: number;
  readonly finished: number;
  readonly failed: number;
  readonly canceled: number;
}

async function infoOf({ json }: Lab, name: string): Promise<QueueRow> {
  const { queues } = await json<{ queues: QueueRow[] }>('info');
  const found = queues.find(queue => queue.name === name);
  assert.ok(found, `info has no queue ${name}`);
  return found;
}

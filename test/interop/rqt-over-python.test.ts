import assert from 'node:assert/strict';
import { until } from '../helpers/until.ts';
import { endRq, openLab, type Seen } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { python } = lab;
const { client } = lab.redis;

const see = (id: string) => python.run<Seen>('return everything(id)', { id });

/** A Python worker named `py` that is in the middle of a job. */
async function startRunning(options = '') {
  const gate = lab.gate();
  const id = await python.run<string>(`return queue().enqueue('pytasks.gate', file${options}).id`, { file: gate.file });
  const worker = await lab.startRq('py', 'default');
  await lab.untilState(id, 'started');
  return { id, gate, worker };
}

interface Info {
  readonly suspended: boolean;
  readonly queues: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  readonly workers: readonly (Readonly<Record<string, unknown>> & { readonly current_job: { readonly id: string } | null })[];
}

interop('info, status and jobs show what a Python worker does', async () => {
  const [done, failed] = await python.run<string[]>(`
    found = queue()
    return [found.enqueue('pytasks.echo', 'ü', [1], k=None).id, found.enqueue('pytasks.fail', 'oh no').id]`);
  await lab.burstRq('default');
  const { id, gate, worker } = await startRunning(', meta={"a": [1]}, job_timeout=77');
  await python.run(
    `
    found = queue()
    found.enqueue('pytasks.add', 1, 2)
    found.enqueue('pytasks.add', 1, 2, depends_on=id)
    found.enqueue_in(timedelta(hours=1), 'pytasks.add', 1, 2)
    found.enqueue('pytasks.add', 1, 2).cancel()`,
    { id },
  );
  const info = await lab.json<Info>('info');
  const { oldest_at: _, oldest_age_seconds: __, ...row } = info.queues[0] ?? { name: 'none' };
  const counts = { queued: 1, started: 1, deferred: 1, scheduled: 1, finished: 1, failed: 1, canceled: 1 };
  assert.deepEqual(row, { name: 'default', ...counts, suspended: false, resumes_in_seconds: null, workers: ['py'] });
  const [seen] = info.workers;
  assert.deepEqual(
    [seen?.name, seen?.state, seen?.queues, seen?.current_job?.id, seen?.pid],
    ['py', 'busy', ['default'], id, worker.pid],
  );
  assert.match((await lab.rqt('info')).stdout, /py/);

  const running = await lab.json<Record<string, unknown>>('status', id);
  assert.deepEqual(
    [running.state, running.worker, running.task, running.args, running.timeout_seconds, running.meta, running.attempt_count],
    ['started', 'py', 'pytasks.gate', [gate.file], 77, { a: [1] }, 1],
  );
  assert.match(String(running.lease_until), /^\d{4}-/);
  const ended = await lab.json<Record<string, unknown>>('status', done ?? '');
  assert.deepEqual([ended.state, ended.result, ended.attempt_count], ['finished', [['ü', [1]], { k: null }], 1]);
  assert.deepEqual(JSON.parse((await lab.rqt('result', done ?? '')).stdout), [['ü', [1]], { k: null }]);
  const wrong = await lab.json<Record<string, unknown>>('status', failed ?? '');
  assert.match(String(wrong.error), /Traceback[\s\S]*ValueError: oh no/);

  const rows = (await lab.rqt('jobs', '--json')).stdout.trimEnd().split('\n');
  const states = rows.map(row => (JSON.parse(row) as { state: string }).state).sort();
  assert.deepEqual(states, ['canceled', 'deferred', 'failed', 'finished', 'queued', 'scheduled', 'started']);
  gate.open();
  await lab.untilState(id, 'finished');
  await until('the worker is idle', async () => (await lab.json<Info>('info')).workers[0]?.state === 'idle');
  await endRq(worker);
  assert.deepEqual((await lab.json<Info>('info')).workers, []);
});

interop('stop: a Python worker’s job is stopped, and can be run again by either', async () => {
  const { id, gate, worker } = await startRunning(', retry=Retry(max=3)');
  const ran = await lab.rqt('stop', id);
  assert.equal(ran.status, 0, ran.stderr);
  const seen = await see(id);
  assert.deepEqual([seen.status, seen.latest_result?.exc_string], ['stopped', 'Job stopped by user, work-horse terminated.']);
  assert.equal((await lab.status(id)).state, 'stopped');
  gate.open();
  await python.run('fetch(id).requeue()', { id });
  await lab.untilState(id, 'finished');
  await endRq(worker);
});

interop('stop of a Python worker’s job does not stop a later run in a worker of rqt', async () => {
  const { id, gate, worker } = await startRunning();
  await lab.rqt('stop', id);
  await endRq(worker);
  await client.hset(`rq:job:${id}`, 'data', JSON.stringify(['slow#gate', null, [gate.file], {}]));
  await python.run('fetch(id).requeue()', { id });
  const own = await lab.start('--burst', '--job-monitoring-interval', '1s');
  await lab.untilState(id, 'started');
  await until('a heartbeat has passed', async () => {
    const { started_at: started, last_heartbeat: beat } = await lab.job(id);
    return String(beat) > String(started);
  });
  gate.open();
  await own.ended;
  assert.equal((await lab.status(id)).state, 'finished');
});

interop('kill and shutdown reach a Python worker', async () => {
  const { id, gate, worker } = await startRunning();
  assert.equal((await lab.rqt('kill', 'py')).status, 0);
  await lab.untilState(id, 'failed');
  assert.match(String((await lab.status(id)).error), /terminated unexpectedly/);
  const ended = new Promise(resolve => worker.once('exit', resolve));
  gate.open();
  assert.equal((await lab.rqt('shutdown', 'py')).status, 0);
  await ended;
});

interop('cancel: a queued job of Python’s does not run; a running one is stopped', async () => {
  const { id, gate, worker } = await startRunning();
  const waiting = await python.run<string>('return queue().enqueue("pytasks.add", 1, 2).id');
  const last = await python.run<string>('return queue().enqueue("pytasks.add", 1, 2).id');
  assert.equal((await lab.rqt('cancel', waiting)).status, 0);
  assert.equal((await lab.rqt('cancel', id)).status, 0);
  await lab.untilState(last, 'finished');
  gate.open();
  const states = await python.run('return [[fetch(each).get_status() for each in (id, waiting)], registries()]', { id, waiting });
  assert.deepEqual(states, [
    ['stopped', 'canceled'],
    { started: [], finished: [last], failed: [id], deferred: [], scheduled: [], canceled: [waiting] },
  ]);
  await endRq(worker);
});

interop('requeue and delete: a Python worker runs the one, RQ does not know the other', async () => {
  const [again = '', gone = ''] = await python.run<string[]>(`
    found = queue()
    return [found.enqueue('pytasks.fail', retry=Retry(max=1, interval=0), meta={'n': 1}, ttl=600).id,
            found.enqueue('pytasks.fail').id]`);
  await lab.burstRq('default');
  const before = await fieldsOf(again);
  assert.equal((await lab.rqt('requeue', again)).status, 0);
  // Fields that are not about where it stands are as they were, byte for byte.
  const places = ['status', 'enqueued_at', 'started_at', 'ended_at', 'worker_name'];
  const after = await fieldsOf(again);
  assert.deepEqual(without(after, places), without(before, places));
  await client.hset(`rq:job:${again}`, 'data', JSON.stringify(['pytasks.add', null, [1, 2], {}]));
  await lab.burstRq('default');
  assert.deepEqual([(await see(again)).status, (await see(again)).return_value], ['finished', 3]);
  assert.equal((await lab.rqt('delete', gone)).status, 0);
  assert.deepEqual(await python.run('return [Job.exists(id, connection), registries()["failed"]]', { id: gone }), [false, []]);
  assert.deepEqual(
    (await client.keys('*')).filter(key => key.includes(gone)),
    [],
  );
});

interop('empty: Python’s queued jobs are gone, the running one goes on', async () => {
  const { id, gate, worker } = await startRunning();
  await python.run('for i in range(3): queue().enqueue("pytasks.add", 1, i)');
  assert.equal((await lab.rqt('empty', 'default')).status, 0);
  assert.deepEqual(await python.run('return [queue().count, len(connection.keys("rq:job:*"))]'), [0, 1]);
  gate.open();
  await lab.untilState(id, 'finished');
  await endRq(worker);
});

interop('suspend and resume hold a Python worker', async () => {
  const worker = await lab.startRq('py', 'default');
  await lab.rqt('suspend');
  const first = await python.run<string>('return queue().enqueue("pytasks.add", 1, 2).id');
  // A Python worker that waits for a job looks at the suspension only after its next one.
  await lab.untilState(first, 'finished');
  await until('it is suspended', async () => (await lab.json<Info>('info')).workers[0]?.state === 'suspended');
  const second = await python.run<string>('return queue().enqueue("pytasks.add", 1, 2).id');
  assert.equal((await lab.status(second)).state, 'queued');
  await lab.rqt('resume');
  await lab.untilState(second, 'finished');
  await endRq(worker);
});

interop('logs of a job in a Python worker: Python keeps none; --follow ends with the job', async () => {
  const { id, gate, worker } = await startRunning();
  const waiting = await python.run<string>('return queue().enqueue("pytasks.fail", "oh no").id');
  for (const each of [id, waiting]) {
    const ran = await lab.rqt('logs', each);
    assert.deepEqual([ran.status, ran.stdout], [0, ''], ran.stderr);
  }
  const followed = lab.rqt('logs', '--follow', id);
  gate.open();
  await lab.untilState(waiting, 'failed');
  const ran = [
    await followed,
    await lab.rqt('logs', id),
    await lab.rqt('logs', waiting),
    await lab.rqt('logs', '--json', waiting),
  ];
  for (const { status, stdout, stderr } of ran) {
    assert.deepEqual([status, stdout], [0, ''], stderr);
  }
  await endRq(worker);
});

async function fieldsOf(id: string): Promise<Record<string, string>> {
  const fields = await client.hgetallBuffer(`rq:job:${id}`);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.toString('latin1')]));
}

function without(fields: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

import assert from 'node:assert/strict';
import { openLab, type Seen } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { enqueue, burst, python } = lab;
const { client } = lab.redis;

const see = (id: string) => python.run<Seen>('return everything(id)', { id });
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/;

/** Those of a job's properties that are named. */
function pick(seen: Seen, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map(name => [name, seen[name]]));
}

interop('a queued job: its call, its queue, its place, its limits and its times', async () => {
  await enqueue('-q', 'high', 'quick#nothing');
  const flags = ['--timeout', '30', '--ttl', '1h', '--result-ttl', '7', '--failure-ttl', '-1', '--description', 'Zwölf × ✓'];
  const id = await enqueue(
    '-q',
    'high',
    ...flags,
    'quick#echo',
    'text',
    ':[1, 2.5, null, true, {"a": ["é"]}]',
    'key=word',
    'n:=-3',
  );
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'id', 'status', 'origin', 'position', 'description', 'func_name', 'args', 'kwargs', 'instance'), {
    id,
    status: 'queued',
    origin: 'high',
    position: 1,
    description: 'Zwölf × ✓',
    func_name: 'quick#echo',
    args: ['text', [1, 2.5, null, true, { a: ['é'] }]],
    kwargs: { key: 'word', n: -3 },
    instance: null,
  });
  assert.deepEqual(pick(seen, 'timeout', 'ttl', 'result_ttl', 'failure_ttl'), {
    timeout: 30,
    ttl: 3600,
    result_ttl: 7,
    failure_ttl: -1,
  });
  for (const name of ['created_at', 'enqueued_at']) assert.match(String(seen[name]), STAMP);
  assert.deepEqual(pick(seen, 'started_at', 'ended_at', 'last_heartbeat', 'worker_name', 'latest_result', 'return_value'), {
    started_at: null,
    ended_at: null,
    last_heartbeat: null,
    worker_name: null,
    latest_result: null,
    return_value: null,
  });
  assert.deepEqual(pick(seen, 'is_queued', 'is_started', 'is_finished', 'is_failed', 'is_deferred', 'is_canceled'), {
    is_queued: true,
    is_started: false,
    is_finished: false,
    is_failed: false,
    is_deferred: false,
    is_canceled: false,
  });
  assert.equal(seen.text, `<Job ${id}: Zwölf × ✓>`);
});

interop('a job without flags has RQ’s defaults and no other optional field', async () => {
  const seen = await see(await enqueue('quick#nothing'));
  assert.deepEqual(
    pick(
      seen,
      'timeout',
      'ttl',
      'result_ttl',
      'failure_ttl',
      'meta',
      'group_id',
      'retries_left',
      'repeats_left',
      'enqueue_at_front',
    ),
    {
      timeout: 180,
      ttl: null,
      result_ttl: null,
      failure_ttl: null,
      meta: {},
      group_id: null,
      retries_left: null,
      repeats_left: null,
      enqueue_at_front: null,
    },
  );
  assert.deepEqual(pick(seen, '_success_callback_name', '_dependency_ids', 'dependencies', 'executions', 'results'), {
    _success_callback_name: null,
    _dependency_ids: [],
    dependencies: [],
    executions: [],
    results: [],
  });
});

interop('a started job: its worker, its heartbeat, its execution', async () => {
  const gate = lab.gate();
  const id = await enqueue('slow#gate', gate.file);
  const worker = await lab.start('--name', 'ts', '--burst');
  await lab.untilState(id, 'started');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'is_started', 'worker_name', 'position', 'ended_at'), {
    status: 'started',
    is_started: true,
    worker_name: 'ts',
    position: null,
    ended_at: null,
  });
  for (const name of ['started_at', 'last_heartbeat']) assert.match(String(seen[name]), STAMP);
  const [execution, ...more] = seen.executions as { id: string; key: string; created_at: string; last_heartbeat: string }[];
  assert.deepEqual([execution?.key, more], [`${id}:${execution?.id}`, []]);
  for (const time of [execution?.created_at, execution?.last_heartbeat]) assert.match(String(time), STAMP);
  const running = await python.run<unknown>(
    `
    started = queue().started_job_registry
    return [started.get_job_and_execution_ids(), started.get_job_ids(), id in started,
            [each.job_id for each in started.get_executions()] if hasattr(started, 'get_executions') else [id]]
    `,
    { id },
  );
  assert.deepEqual(running, [[[id, execution?.id]], [id], true, [id]]);
  gate.open();
  await worker.ended;
  assert.deepEqual((await see(id)).executions, []);
});

interop('a finished job: its result, its times, how long it is kept', async () => {
  const id = await enqueue('--result-ttl', '60', 'quick#echo', ':{"a": [1, "ü", null]}');
  await burst('--name', 'ts');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'return_value', 'worker_name', 'position'), {
    status: 'finished',
    return_value: [{ a: [1, 'ü', null] }],
    worker_name: 'ts',
    position: null,
  });
  assert.ok(String(seen.started_at) <= String(seen.ended_at));
  const { latest_result: latest, results } = seen;
  assert.deepEqual(
    [latest?.type, latest?.return_value, latest?.exc_string, latest?.worker_name, results.length],
    [1, [{ a: [1, 'ü', null] }], null, 'ts', 1],
  );
  for (const time of [latest?.execution_started_at, latest?.execution_ended_at]) assert.match(String(time), STAMP);
  assert.match(String(latest?.execution_id), /^[0-9a-f]{32}$/);
  const left = await python.run<number[]>(
    `
    until = queue().finished_job_registry.get_expiration_time(fetch(id)).timestamp()
    return [until - datetime.now().timestamp(), connection.ttl(fetch(id).key), connection.ttl('rq:results:' + id)]
    `,
    { id },
  );
  for (const seconds of left) assert.ok(seconds > 50 && seconds <= 60.5, `${seconds}`);
});

interop('a finished job that returned nothing has a result, which is None', async () => {
  const id = await enqueue('quick#nothing');
  await burst();
  const seen = await see(id);
  assert.deepEqual([seen.status, seen.return_value, seen.latest_result?.type], ['finished', null, 1]);
  assert.equal(seen.latest_result?.return_value, null);
});

interop('a failed job: its error text, and how long it is kept', async () => {
  const id = await enqueue('--failure-ttl', '90', 'quick#fail', 'naïve ✗');
  await burst('--name', 'ts');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'is_failed', 'return_value'), { status: 'failed', is_failed: true, return_value: null });
  assert.deepEqual([seen.latest_result?.type, seen.latest_result?.worker_name, seen.results.length], [2, 'ts', 1]);
  assert.match(String(seen.latest_result?.exc_string), /Error: naïve ✗[\s\S]*quick\.js/);
  assert.match(String(seen.ended_at), STAMP);
  const text = await python.run<string>('return fetch(id).exc_info', { id });
  assert.equal(text, seen.latest_result?.exc_string);
  const left = await client.ttl(`rq:job:${id}`);
  assert.ok(left > 80 && left <= 90);
});

interop('a retried job: each attempt is a result, newest first', async () => {
  const id = await enqueue('--retry-max', '3', '--retry-interval', '0', 'quick#failUntil', ':3');
  await burst();
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'return_value', 'retries_left'), {
    status: 'finished',
    return_value: 3,
    retries_left: 1,
  });
  assert.deepEqual(
    seen.results.map(({ type, exc_string }) => [type, exc_string === null]),
    [
      [1, true],
      [4, false],
      [4, false],
    ],
  );
});

interop('a job whose retry waits is scheduled, with the intervals that RQ reads', async () => {
  const id = await enqueue('--retry-max', '2', '--retry-interval', '100,200', 'quick#fail');
  await burst();
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'retries_left', 'retry_intervals'), {
    status: 'scheduled',
    retries_left: 1,
    retry_intervals: [100, 200],
  });
  const due = await python.run<number>(
    'return queue().scheduled_job_registry.get_scheduled_time(id).timestamp() - datetime.now().timestamp()',
    { id },
  );
  assert.ok(due > 90 && due <= 101, `${due}`);
});

interop('a scheduled job is due when it was asked for', async () => {
  const id = await enqueue('--schedule-at', '2031-05-06T07:08:09Z', 'quick#nothing');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'is_scheduled', 'enqueued_at', 'position'), {
    status: 'scheduled',
    is_scheduled: true,
    enqueued_at: null,
    position: null,
  });
  const due = await python.run('return queue().scheduled_job_registry.get_scheduled_time(id)', { id });
  assert.equal(due, '2031-05-06T07:08:09+00:00');
});

interop('a deferred job and its parents know each other', async () => {
  const a = await enqueue('quick#nothing');
  const b = await enqueue('-q', 'other', 'quick#nothing');
  const id = await enqueue('--depends-on', `${a},${b}`, '--allow-failure', 'quick#nothing');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', '_dependency_ids', 'dependencies', 'allow_dependency_failures'), {
    status: 'deferred',
    _dependency_ids: [a, b],
    dependencies: [a, b],
    allow_dependency_failures: true,
  });
  assert.deepEqual(new Set(seen.dependency_ids as string[]), new Set([a, b]));
  assert.deepEqual([(await see(a)).dependent_ids, (await see(b)).dependent_ids], [[id], [id]]);
  const first = await python.run<unknown>('job = fetch(id); return [job.dependency.id, job.dependencies_are_met()]', { id });
  assert.deepEqual(first, [a, false]);
});

interop('a canceled job', async () => {
  const id = await enqueue('quick#nothing');
  await lab.rqt('cancel', id);
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'is_canceled', 'position'), { status: 'canceled', is_canceled: true, position: null });
});

interop('a stopped job: RQ’s own words for it', async () => {
  const id = await enqueue('slow#forever');
  const worker = await lab.start('--burst');
  await lab.untilState(id, 'started');
  assert.equal((await lab.rqt('stop', id)).status, 0);
  await worker.ended;
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'is_stopped', 'is_failed'), { status: 'stopped', is_stopped: true, is_failed: false });
  assert.match(String(seen.latest_result?.exc_string), /^Job stopped by user, work-horse terminated\./);
  assert.deepEqual(await python.run('return registries()["failed"]'), [id]);
});

interop('a repeated job: what is left, and when', async () => {
  const id = await enqueue('--repeat', '2', '--repeat-interval', '300', 'quick#echo', 'x');
  await burst();
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'status', 'repeats_left', 'repeat_intervals', 'return_value'), {
    status: 'scheduled',
    repeats_left: 1,
    repeat_intervals: [300],
    return_value: ['x'],
  });
  assert.deepEqual(await python.run('return [registries()[name] for name in ("finished", "scheduled")]'), [[id], [id]]);
});

interop('meta, group and callbacks', async () => {
  const flags = ['--meta', 'who=Ünal', '--meta', 'n:={"deep": [1]}', '--group', 'import', '--at-front'];
  const callbacks = ['--on-success', 'quick#nothing', '--on-failure', 'quick#fail', '--on-stopped', 'a.b.c'];
  const id = await enqueue(...flags, ...callbacks, '--callback-timeout', '12', 'quick#nothing');
  const seen = await see(id);
  assert.deepEqual(pick(seen, 'meta', 'get_meta', 'group_id', 'enqueue_at_front'), {
    meta: { who: 'Ünal', n: { deep: [1] } },
    get_meta: { who: 'Ünal', n: { deep: [1] } },
    group_id: 'import',
    enqueue_at_front: true,
  });
  assert.deepEqual(
    ['_success_callback_name', '_failure_callback_name', '_stopped_callback_name'].map(name => seen[name]),
    ['quick#nothing', 'quick#fail', 'a.b.c'],
  );
  assert.deepEqual(
    ['success_callback_timeout', 'failure_callback_timeout', 'stopped_callback_timeout'].map(name => seen[name]),
    [12, 12, 12],
  );
});

interop('whatever else a Job of RQ has can be read, in each state: properties, attributes, and what only looks', async () => {
  const parent = await enqueue('-q', 'other', 'quick#nothing');
  const flags = ['--meta', 'a=b', '--group', 'g', '--on-success', 'quick#nothing', '--ttl', '1h'];
  const ended = [await enqueue('--result-ttl', '60', ...flags, 'quick#echo', 'x'), await enqueue(...flags, 'quick#fail', 'oh')];
  await burst();
  const canceled = await enqueue('quick#nothing');
  await lab.rqt('cancel', canceled);
  const gate = lab.gate();
  const started = await enqueue(...flags, 'slow#gate', gate.file);
  const worker = await lab.start('--burst');
  await lab.untilState(started, 'started');
  const waiting = [
    await enqueue('--retry-max', '2', '--retry-interval', '5,6', 'quick#nothing'),
    await enqueue('--depends-on', parent, 'quick#nothing'),
    await enqueue('--schedule-in', '1h', '--repeat', '3', '--repeat-interval', '5', 'quick#nothing'),
  ];
  const ids = [...ended, canceled, started, ...waiting];
  // These import the function, which is none of Python's.
  const unread = await python.run<string[]>(
    `
    callables = {'func', 'success_callback', 'failure_callback', 'stopped_callback'}
    looks = 'get_call_string get_ttl get_retry_interval should_enqueue_at_front dependencies_are_met to_dict get_meta'.split()
    unread = []
    for job in Job.fetch_many(ids, connection=connection, serializer=JSONSerializer):
        assert Job.exists(job.id, connection=connection)
        properties = [name for name in dir(Job) if isinstance(getattr(Job, name), property)]
        for name in set(properties + list(vars(job)) + looks) - callables:
            try:
                found = getattr(job, name)
                if name in looks and callable(found):
                    found()
            except Exception as error:
                unread.append(f'{name} of a {job.get_status()} job: {error!r}')
        for held in [*job.results(), *job.get_executions()]:
            for name in vars(held):
                getattr(held, name)
    return unread`,
    { ids },
  );
  assert.deepEqual(unread, []);
  const called = await python.run('return [fetch(id).get_call_string() for id in ids]', { ids: ended });
  assert.deepEqual(called, ["quick#echo('x')", "quick#fail('oh')"]);
  gate.open();
  await worker.ended;
});

interop('a job that RQ reads and saves again is the same to rqt', async () => {
  const id = await enqueue(
    '--retry-max',
    '2',
    '--meta',
    'a=b',
    '--ttl',
    '1h',
    '--on-failure',
    'quick#fail',
    'quick#echo',
    'x',
    'k=v',
  );
  const { read_at: _, ...before } = await lab.json<Record<string, unknown>>('status', id);
  await python.run('fetch(id).save()', { id });
  const { read_at: __, ...after } = await lab.json<Record<string, unknown>>('status', id);
  assert.deepEqual(after, before);
});

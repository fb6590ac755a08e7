import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../helpers/rqt.ts';
import { taskFolder } from '../worker/stage.ts';
import { openLab, type Seen } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { burst, python } = lab;

/** Built from fixtures/tasks. */
const OWN_TASKS = join(projectRoot, '.build/test/interop/fixtures/tasks');

const see = (id: string) => python.run<Seen>('return everything(id)', { id });

/** Enqueues as Python does and returns the id; the code is what comes after `queue().enqueue`. */
const enqueue = (call: string, given: Record<string, unknown> = {}) =>
  python.run<string>(`return queue().enqueue${call}.id`, given);

const VALUES: readonly [what: string, python: string, value: unknown][] = [
  ['None, booleans', '[None, True, False]', [null, true, false]],
  ['integers', '[0, -1, 2**53 - 1, -(2**53) + 1]', [0, -1, 9007199254740991, -9007199254740991]],
  ['floats', '[0.1, -2.5e-300, 1e22, 3.0, 1.7976931348623157e308]', [0.1, -2.5e-300, 1e22, 3, 1.7976931348623157e308]],
  ['Unicode', '["", "Zwölf 漢字 🎉", "\\u0000\\n\\u2028\\"\\\\", "\\ud83d"]', ['', 'Zwölf 漢字 🎉', '\0\n\u2028"\\', '\ud83d']],
  ['nested data', '[{"a": [{"b": {"": [[]]}}], "ü": None}, []]', [{ a: [{ b: { '': [[]] } }], ü: null }, []]],
  ['a tuple, and keys that are numbers', '[(1, (2,)), {1: "one", None: 0}]', [[1, [2]], { 1: 'one', null: 0 }]],
  ['names that JavaScript knows', '[{"__proto__": 1, "constructor": 2}]', [JSON.parse('{"__proto__": 1, "constructor": 2}')]],
  ['a long text', '["x" * 300000]', ['x'.repeat(300_000)]],
];

for (const [what, code, value] of VALUES) {
  interop(`arguments and results: ${what}`, async () => {
    const id = await enqueue(`("quick#echo", *${code})`);
    const ran = await burst('-q');
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(await python.run('return fetch(id).return_value()', { id }), value);
    assert.equal(await python.run(`return fetch(id).return_value() == json.loads(json.dumps(${code}))`, { id }), true);
  });
}

interop('keyword arguments are the last argument', async () => {
  const id = await enqueue('("quick#echo", 1, name="Ünal", n={"a": 2})');
  const alone = await enqueue('("quick#echo", kwargs={"timeout": 5}, args=[])');
  await burst();
  assert.deepEqual((await see(id)).return_value, [1, { name: 'Ünal', n: { a: 2 } }]);
  assert.deepEqual((await see(alone)).return_value, [{ timeout: 5 }]);
});

interop('integers of any size, NaN and infinities arrive exactly, and come back as they were', async () => {
  const values = '2**53, 2**53 + 1, -(2**63), 10**40, [{"n": 3**200}], float("nan"), float("inf"), [float("-inf")], 1e20';
  const id = await enqueue(`("quick#echo", ${values})`);
  const kinds = await enqueue(`("numbers#kinds", ${values.replace('[{"n": 3**200}]', '3**200')}, 2**53 - 1, 5)`);
  const ran = await burst('--path', OWN_TASKS, '--path', taskFolder);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(await python.run(`return repr(fetch(id).return_value()) == repr([${values}])`, { id }), true);
  const big = ['bigint', 'bigint', 'bigint', 'bigint', 'bigint'];
  assert.deepEqual(await python.run('return fetch(kinds).return_value()', { kinds }), [
    ...big,
    'number',
    'number',
    'object',
    'number',
    'number',
    'number',
  ]);
  const shown = (await lab.rqt('status', '--json', id)).stdout;
  assert.match(shown, /"args":\[9007199254740992,9007199254740993,-9223372036854775808,10{40},/);
  assert.match(shown, /"result":\[9007199254740992,9007199254740993,.*"NaN","Infinity",\["-Infinity"\]/);
});

interop('an integer of a command line is the same in Python, and what Python returns the same in rqt', async () => {
  const id = await lab.enqueue('-q', 'python', 'pytasks.echo', 'n:=-123456789012345678901', ':9007199254740993');
  await lab.burstRq('python');
  assert.equal((await lab.rqt('result', id)).stdout, '[[9007199254740993], {"n": -123456789012345678901}]\n');
});

interop('job_timeout: the job is ended when it is over', async () => {
  const id = await enqueue('("slow#forever", job_timeout=1)');
  await burst('--grace', '1s');
  const seen = await see(id);
  assert.equal(seen.status, 'failed');
  assert.match(String(seen.latest_result?.exc_string), /1 ?s/);
});

interop('result_ttl, failure_ttl and -1', async () => {
  const [kept, short, gone] = await python.run<string[]>(`
    found = queue()
    return [found.enqueue('quick#nothing', result_ttl=-1).id, found.enqueue('quick#fail', failure_ttl=77).id,
            found.enqueue('quick#nothing', result_ttl=0).id]`);
  await burst();
  const ttls = await Promise.all([kept, short, gone].map(id => lab.redis.client.ttl(`rq:job:${id}`)));
  assert.deepEqual([ttls[0], (ttls[1] ?? 0) > 70 && (ttls[1] ?? 0) <= 77, ttls[2]], [-1, true, -2]);
  assert.deepEqual(await python.run('return [registries()[name] for name in ("finished", "failed")]'), [[kept], [short]]);
});

interop('at_front, depends_on and enqueue_many keep their order', async () => {
  const notes = lab.path('notes');
  await python.run(
    `
    found = queue()
    parent = found.enqueue('quick#note', notes, 'parent')
    found.enqueue('quick#note', notes, 'child', depends_on=parent)
    found.enqueue('quick#note', notes, 'grandchild', depends_on=[found.enqueue('quick#note', notes, 'other'), parent.id])
    found.enqueue('quick#note', notes, 'front', at_front=True)
    found.enqueue_many([Queue.prepare_data('quick#note', (notes, 'many 1')), Queue.prepare_data('quick#note', (notes, 'many 2'))])`,
    { notes },
  );
  assert.equal((await burst()).status, 0);
  assert.deepEqual(readFileSync(notes, 'utf8').trimEnd().split('\n'), [
    'front',
    'parent',
    'other',
    'many 1',
    'many 2',
    'child',
    'grandchild',
  ]);
});

interop('Retry: at once, after an interval, at the front', async () => {
  const [atOnce = '', later = '', lost = ''] = await python.run<string[]>(`
    found = queue()
    return [found.enqueue('quick#failUntil', 3, retry=Retry(max=2, enqueue_at_front=True)).id,
            found.enqueue('quick#failUntil', 3, retry=Retry(max=3, interval=[100, 200])).id,
            found.enqueue('quick#fail', retry=Retry(max=1)).id]`);
  await burst();
  const seen = [await see(atOnce), await see(later), await see(lost)];
  assert.deepEqual(
    seen.map(({ status, retries_left, results }) => [status, retries_left, results.map(({ type }) => type)]),
    [
      ['finished', 0, [1, 4, 4]],
      ['scheduled', 2, [4]],
      ['failed', 0, [2, 4]],
    ],
  );
});

interop('Repeat: at once and after an interval', async () => {
  const notes = lab.path('notes');
  const [atOnce = '', later = ''] = await python.run<string[]>(
    `
    found = queue()
    return [found.enqueue('quick#note', notes, 'ran', repeat=Repeat(times=2)).id,
            found.enqueue('quick#nothing', repeat=Repeat(times=2, interval=[5, 500])).id]`,
    { notes },
  );
  await burst();
  assert.equal(readFileSync(notes, 'utf8'), 'ran\nran\nran\n');
  const [done, waiting] = [await see(atOnce), await see(later)];
  assert.deepEqual([done.status, done.repeats_left, done.results.length], ['finished', 0, 3]);
  assert.deepEqual([waiting.status, waiting.repeats_left], ['scheduled', 1]);
  const due = await python.run<number>(
    'return queue().scheduled_job_registry.get_scheduled_time(id).timestamp() - datetime.now().timestamp()',
    { id: later },
  );
  assert.ok(due > 490 && due <= 501, `${due}`);
});

interop('enqueue_in and enqueue_at: a worker of rqt runs them when they are due', async () => {
  const [soon = '', late = ''] = await python.run<string[]>(`
    found = queue()
    return [found.enqueue_in(timedelta(seconds=1), 'quick#add', 1, 2).id,
            found.enqueue_at(datetime(2031, 1, 2, 3, 4, 5, tzinfo=timezone.utc), 'quick#nothing').id]`);
  const { due_at } = await lab.json<{ due_at: string }>('status', late);
  assert.equal(due_at, '2031-01-02T03:04:05.000Z');
  const worker = await lab.start('--max-jobs', '1');
  await worker.ended;
  assert.deepEqual([(await see(soon)).return_value, (await see(late)).status], [3, 'scheduled']);
});

interop('Callback: tasks of rqt that run after the job', async () => {
  const [well = '', badly = ''] = await python.run<string[]>(`
    found = queue()
    callbacks = dict(on_success=Callback('callbacks#wrote', timeout=30), on_failure=Callback('callbacks#wrote'))
    return [found.enqueue('quick#add', 1, 2, **callbacks).id, found.enqueue('quick#fail', 'oh', **callbacks).id]`);
  await burst('--path', OWN_TASKS, '--path', taskFolder);
  assert.match((await lab.status(well)).stdout, new RegExp(`${well} 3`));
  assert.match((await lab.status(badly)).stdout, new RegExp(`${badly} .*oh`));
});

interop('a callback that is a Python function is told as failed and changes nothing', async () => {
  const id = await enqueue("('quick#add', 1, 2, on_success=Callback('pkg.mod.done'))");
  assert.equal((await burst()).status, 0);
  const status = await lab.json<{ state: string; callback_error: string }>('status', id);
  assert.equal(status.state, 'finished');
  assert.match(status.callback_error, /pkg\.mod\.done/);
});

interop('unique: one language refuses what the other has enqueued', async () => {
  const UNIQUE = `
    try:
        return queue().enqueue('quick#nothing', job_id='once', unique=True).id
    except rq.exceptions.DuplicateJobError:
        return 'refused'`;
  await lab.enqueue('--job-id', 'once', 'quick#nothing');
  assert.equal(await python.run(UNIQUE), 'refused');
  await lab.redis.client.flushall();
  assert.equal(await python.run(UNIQUE), 'once');
  assert.equal((await lab.rqt('enqueue', '--job-id', 'once', 'quick#nothing')).status, 1);
  assert.equal((await burst()).status, 0);
  assert.equal((await lab.status('once')).state, 'finished');
});

interop('a group of Python’s', async () => {
  await python.run(`
    data = [Queue.prepare_data('quick#nothing', job_id='a'), Queue.prepare_data('quick#fail', job_id='b')]
    Group.create(connection, name='import').enqueue_many(queue(), data)`);
  assert.equal((await burst()).status, 1);
  const ran = await lab.rqt('wait', '--group', 'import');
  assert.equal(ran.status, 1, ran.stderr);
  const lines = (await lab.rqt('jobs', '--group', 'import', '--json')).stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines
      .map(line => JSON.parse(line) as { id: string; state: string })
      .map(({ id, state }) => `${id} ${state}`)
      .sort(),
    ['a finished', 'b failed'],
  );
  assert.deepEqual(await python.run('return {job.id for job in Group.fetch("import", connection).get_jobs()}'), ['a', 'b']);
});

interop('meta of Python’s reaches the task, and what the task writes reaches Python', async () => {
  const id = await enqueue('("context#count", meta={"n": 41, "ü": [None]})');
  const ran = await burst('--path', OWN_TASKS);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual((await see(id)).meta, { n: 42, ü: [null] });
});

interop('the tasks that ship with rqt run from Python, and rq enqueue does as well', async () => {
  const file = lab.path('file');
  const id = await python.run<string>(
    `
    open(file, 'w').write('abc')
    return queue().enqueue('tasks/checksum#sha256', file, job_timeout=30).id`,
    { file },
  );
  const ran = await lab.rq('enqueue', '-S', 'json', '--job-id', 'by-rq', '--retry-max', '1', 'quick.add', ':1', ':2');
  assert.match(ran, /Enqueued quick\.add\(1, 2\) with job-id 'by-rq'/);
  assert.equal((await burst()).status, 0);
  assert.match(JSON.stringify((await see(id)).return_value), /ba7816bf8f01cfea/);
  assert.equal((await see('by-rq')).return_value, 3);
});

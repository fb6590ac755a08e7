import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { taskFolder } from '../worker/stage.ts';
import { openLab } from './lab.ts';
import { interop } from './python.ts';

const lab = await openLab();
const { burst, python } = lab;
const { client } = lab.redis;

/** Built from fixtures/tasks. */
const OWN_TASKS = join(projectRoot, '.build/test/interop/fixtures/tasks');

/** Enqueues with RQ's default serialiser and returns the id; the code is what comes after `enqueue`. */
const enqueue = (call: string, given: Record<string, unknown> = {}) =>
  python.run<string>(`return plain_queue().enqueue${call}.id`, given);

const returned = <T>(id: string) => python.run<T>('return plain_fetch(id).return_value()', { id });

interface Status {
  readonly state: string;
  readonly args: unknown;
  readonly kwargs: unknown;
  readonly opaque: string | null;
  readonly error: string | null;
  readonly meta: unknown;
  readonly result: unknown;
  readonly result_absent: string | null;
}

const statusOf = (id: string) => lab.json<Status>('status', id);

for (const protocol of [2, 3, 4, 5]) {
  interop(`a job pickled with protocol ${protocol} runs, status shows its arguments, and Python reads its result`, async () => {
    const id = await python.run<string>(
      `
      import functools, pickle
      class Serializer:
          dumps = functools.partial(pickle.dumps, protocol=protocol)
          loads = pickle.loads
      values = ['Zwölf \\ud83d', 2**70, -1.5, None, True, [1, (2,)], {'a': {}}]
      return Queue(connection=connection, serializer=Serializer).enqueue('quick#echo', *values, key='value').id`,
      { protocol },
    );
    const values = ['Zwölf \ud83d', 2 ** 70, -1.5, null, true, [1, [2]], { a: {} }];
    const queued = await statusOf(id);
    assert.deepEqual([queued.args, queued.kwargs, queued.opaque], [values, { key: 'value' }, null]);
    const ran = await burst();
    assert.equal(ran.status, 0, ran.stderr);
    const expected = "['Zwölf \\ud83d', 2**70, -1.5, None, True, [1, [2]], {'a': {}}, {'key': 'value'}]";
    const read =
      'job = plain_fetch(id); values = [job.return_value(), job.latest_result().return_value, job.results()[0].return_value]';
    assert.equal(await python.run(`${read}; return values == [${expected}] * 3 and type(values[0][1]) is int`, { id }), true);
    assert.deepEqual((await statusOf(id)).result, [...values, { key: 'value' }]);
    assert.equal((await lab.rqt('result', id)).status, 0);
  });
}

interop('each kind of Python is what the README says to a task', async () => {
  const id = await enqueue(`(
    'numbers#forms', b'bytes', bytearray(b'array'), {1}, frozenset(), {1: 'one', (2,): 'two'}, {'k': 1}, (1, 2), 2**53, 5, -0.0,
    float('nan'), datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 2),
    datetime(2026, 1, 2).date(), datetime(2026, 1, 2, 3, 4).time(), timedelta(minutes=1.5),
    datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo('Europe/Berlin')), datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'), fold=1),
    datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo('Europe/Berlin')), OrderedDict(b=1, a=OrderedDict([(2, 'two')])))`);
  const ran = await burst('--path', OWN_TASKS);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await returned(id), [
    'Buffer bytes',
    'Buffer array',
    'Set 1',
    'Set ',
    'Map 1,one,2,two',
    'object {"k":1}',
    'array 1,2',
    'bigint 9007199254740992',
    'number 5',
    'number -0',
    'number NaN',
    'string 2026-01-02T03:04:05.678901+02:00',
    'string 2026-01-02T00:00:00',
    'string 2026-01-02',
    'string 03:04:00',
    'number 90',
    'string 2026-10-25T02:30:00+02:00',
    'string 2026-10-25T02:30:00+01:00',
    'string 2026-03-29T02:30:00+01:00',
    'object {"b":1,"a":{}}',
  ]);
  const { args } = await statusOf(id);
  assert.deepEqual((args as unknown[]).slice(0, 7), [
    Buffer.from('bytes').toString('base64'),
    Buffer.from('array').toString('base64'),
    [1],
    [],
    [
      [1, 'one'],
      [[2], 'two'],
    ],
    { k: 1 },
    [1, 2],
  ]);
});

const OPAQUE: readonly [what: string, code: string, reason: RegExp][] = [
  ['an object', "('quick#echo', __import__('decimal').Decimal('1.5'))", /holds more than plain data \(decimal\.Decimal\)/],
  ['a function', "('quick#echo', __import__('os').system)", /holds more than plain data \((posix|os)\.system\)/],
  ['an object deep inside', "('quick#echo', [{'a': __import__('uuid').uuid4()}])", /plain data \(uuid\.UUID\)/],
  ['a complex number', "('quick#echo', 1j)", /holds more than plain data \(builtins\.complex\)/],
  ['a method of a class', "('quick#echo', datetime.now)", /holds more than plain data \(datetime\.datetime\.now\)/],
  ['keys that rqt cannot tell apart', "('quick#echo', {timedelta(seconds=1): 'a', 1: 'b'})", /keys that only Python tells apart/],
  ['a list that holds itself', "('quick#echo', (lambda l: (l.append(l), l)[1])([]))", /nested deeper than/],
  ['a method', "(__import__('collections').Counter('aab').most_common, 1)", /plain data \(collections\.Counter\)/],
];
for (const [what, code, reason] of OPAQUE) {
  interop(`a pickle with ${what} is opaque, fails with that reason, and stays as it is`, async () => {
    const id = await enqueue(code);
    const data = await client.hgetBuffer(`rq:job:${id}`, 'data');
    assert.match(String((await statusOf(id)).opaque), reason);
    assert.equal((await burst()).status, 1);
    const { state, error } = await statusOf(id);
    assert.equal(state, 'failed');
    assert.match(String(error), reason);
    assert.match(String(error), /pass plain data, or keep queue default for Python's workers/);
    assert.match(await python.run('return plain_fetch(id).latest_result().exc_string', { id }), reason);
    assert.deepEqual(await client.hgetBuffer(`rq:job:${id}`, 'data'), data);
  });
}

interop('pickled meta reaches the task, and what the task writes reaches Python as pickle', async () => {
  const id = await enqueue('("context#count", meta={"n": 41, "ü": [None], 7: datetime(2026, 1, 2)})');
  assert.deepEqual((await statusOf(id)).meta, [
    ['n', 41],
    ['ü', [null]],
    [7, '2026-01-02T00:00:00'],
  ]);
  const plain = await enqueue('("context#count", meta={"n": 41, "ü": [None], "at": datetime(2026, 1, 2)})');
  await burst('--path', OWN_TASKS);
  assert.deepEqual(await python.run('return plain_fetch(plain).meta', { plain }), {
    n: 42,
    ü: [null],
    at: '2026-01-02T00:00:00',
  });
});

interop('meta that rqt cannot read is not replaced: saving it fails', async () => {
  const id = await enqueue('("context#count", meta={"n": __import__("decimal").Decimal(1)})');
  const meta = await client.hgetBuffer(`rq:job:${id}`, 'meta');
  assert.match(
    (await lab.rqt('status', id)).stdout,
    /meta +not shown \(a pickle that holds more than plain data \(decimal\.Decimal\)\)/,
  );
  assert.equal((await burst('--path', OWN_TASKS)).status, 1);
  assert.match(String((await statusOf(id)).error), /what Python has written to job\.meta cannot be read/);
  assert.deepEqual(await client.hgetBuffer(`rq:job:${id}`, 'meta'), meta);
});

interop('retries, repeats, parents, groups and callbacks of pickled jobs', async () => {
  const ids = await python.run<Record<string, string>>(`
    found = plain_queue()
    parent = found.enqueue('quick#failUntil', 2, retry=Retry(max=2))
    child = found.enqueue('quick#echo', b'bytes'.decode(), depends_on=parent, on_success=Callback('callbacks#wrote'))
    repeated = found.enqueue('quick#add', 1, 2, repeat=Repeat(times=1))
    grouped = Group.create(connection, name='g').enqueue_many(found, [Queue.prepare_data('quick#add', (3, 4))])[0]
    return dict(parent=parent.id, child=child.id, repeated=repeated.id, grouped=grouped.id)`);
  const ran = await burst('--path', OWN_TASKS, '--path', taskFolder);
  assert.equal(ran.status, 0, ran.stderr);
  const seen = await python.run(
    'return {name: [plain_fetch(id).return_value(), len(plain_fetch(id).results())] for name, id in ids.items()}',
    {
      ids,
    },
  );
  assert.deepEqual(seen, { parent: [2, 2], child: [['bytes'], 1], repeated: [3, 2], grouped: [7, 1] });
  assert.match((await lab.status(ids.child ?? '')).stdout, new RegExp(`${ids.child} \\[ 'bytes' \\]`));
});

interop('cancel, requeue and a retry leave what they do not understand untouched, byte for byte', async () => {
  const id = await enqueue(
    `('quick#echo', b'\\x00\\xff', __import__('decimal').Decimal(1), meta={'d': __import__('decimal').Decimal(2)}, retry=Retry(max=1))`,
  );
  await client.hset(`rq:job:${id}`, 'webhooks', Buffer.from([0, 255, 128, 10]), 'of_tomorrow', Buffer.from([0xc3, 0x28]));
  const untouched = async () => {
    const fields = (await client.hgetallBuffer(`rq:job:${id}`)) as Record<string, Buffer>;
    return ['data', 'meta', 'webhooks', 'of_tomorrow', 'description', 'created_at'].map(name => fields[name]?.toString('hex'));
  };
  const before = await untouched();
  await burst();
  assert.deepEqual([(await lab.states(id))[0], await untouched()], ['failed', before]);
  for (const act of [
    ['requeue', id],
    ['cancel', id],
    ['requeue', id],
  ]) {
    const ran = await lab.rqt(...act);
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(await untouched(), before);
  }
  assert.deepEqual(await lab.states(id), ['queued']);
});

interop(
  'a job that is promoted, released, run, retried, stopped, requeued in bulk keeps its foreign fields, byte for byte',
  async () => {
    const gate = lab.gate();
    const ids = await python.run<Record<string, string>>(
      `
    found, plain = queue(), plain_queue()
    parent = found.enqueue('quick#nothing')
    meta = {'x': float('nan'), 'n': 10**30}
    return dict(due=found.enqueue_in(timedelta(seconds=-1), 'quick#fail', meta=meta).id,
        child=plain.enqueue('quick#fail', {1: 2}, depends_on=parent, meta=meta, retry=Retry(max=2)).id,
        stopped=plain.enqueue('slow#gate', file, meta=meta).id)`,
      { file: gate.file },
    );
    const foreign = { of_tomorrow: Buffer.from([0xc3, 0x28, 0]), '\xff': Buffer.from('x') };
    for (const id of Object.values(ids)) await client.hset(`rq:job:${id}`, foreign);
    const untouched = async () => {
      const all = Object.values(ids).map(async id => {
        const fields = (await client.hgetallBuffer(`rq:job:${id}`)) as Record<string, Buffer>;
        const names = ['data', 'meta', ...Object.keys(foreign), 'description', 'created_at', 'timeout'];
        return names.map(name => fields[name]?.toString('hex'));
      });
      return Promise.all(all);
    };
    const before = await untouched();
    assert.ok(before.flat().every(each => each !== undefined));
    const worker = await lab.start('--grace', '1s');
    await lab.untilState(ids.stopped ?? '', 'started');
    assert.equal((await lab.rqt('stop', ids.stopped ?? '')).status, 0);
    for (const [name, state] of Object.entries({ due: 'failed', child: 'failed', stopped: 'stopped' }))
      await lab.untilState(ids[name] ?? '', state);
    assert.deepEqual(await untouched(), before);
    worker.child.kill('SIGTERM');
    await worker.ended;
    const requeued = await lab.rqt('requeue', '--all', '-q', 'default');
    assert.equal(requeued.status, 0, requeued.stderr);
    assert.deepEqual(await lab.states(...Object.values(ids)), ['queued', 'queued', 'queued']);
    assert.deepEqual(await untouched(), before);
  },
);

interop('results that Python’s workers have pickled are shown', async () => {
  const [plain = '', odd = ''] = await python.run<string[]>(`
    found = plain_queue()
    jobs = [found.enqueue('pytasks.echo', {1, 2}, datetime(2026, 1, 2)), found.enqueue('decimal.Decimal', '1.5')]
    Worker([found], connection=connection).work(burst=True, logging_level='CRITICAL')
    return [job.id for job in jobs]`);
  assert.equal((await lab.rqt('result', plain)).stdout, '[[[1,2],"2026-01-02T00:00:00"],{}]\n');
  const ran = await lab.rqt('result', odd);
  assert.deepEqual([ran.status, ran.stdout], [1, '']);
  assert.match(ran.stderr, /holds more than plain data \(decimal\.Decimal\)/);
  assert.match(String((await statusOf(odd)).result_absent), /decimal\.Decimal/);
});

interop('what rq cron enqueues runs in a worker of rqt: its function’s dotted name is a task', async () => {
  const folder = lab.path('cron');
  mkdirSync(join(folder, 'jobs'), { recursive: true });
  // Where cron runs the function is known by its name only.
  writeFileSync(join(folder, 'cron_config.py'), CRON);
  mkdirSync(join(folder, 'tasks', 'nightly'), { recursive: true });
  writeFileSync(join(folder, 'tasks', 'nightly', 'report.ts'), 'export const send = (...words: unknown[]) => words;\n');
  const cron = lab.startProgram('cron', join(folder, 'cron_config.py'));
  try {
    await until('cron has enqueued', async () => (await client.llen('rq:queue:default')) > 0);
  } finally {
    // A gentle end that comes while it enqueues is taken for an error of that, and it goes on.
    const ended = once(cron, 'exit');
    cron.kill('SIGKILL');
    await ended;
  }
  const [id = ''] = await client.lrange('rq:queue:default', 0, 0);
  assert.deepEqual((await statusOf(id)).args, ['ann', ['2026-01-02', 3]]);
  const ran = await burst('--path', join(folder, 'tasks'));
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await returned(id), ['ann', ['2026-01-02', 3], { subject: 'hi' }]);
});

const CRON = `
import datetime, sys, types
from rq import cron
module = types.ModuleType('nightly.report')
exec('def send(*args, **kwargs): pass', module.__dict__)
module.send.__module__ = 'nightly.report'
sys.modules['nightly'] = types.ModuleType('nightly')
sys.modules['nightly.report'] = sys.modules['nightly'].report = module
cron.register(module.send, queue_name='default', args=('ann', (datetime.date(2026, 1, 2), 3)), kwargs={'subject': 'hi'}, interval=3600)
`;

interop('a dotted name that is no task here fails with the queue to keep apart', async () => {
  const id = await python.run<string>("return plain_queue('py').enqueue('app.mail.send', 'ann').id");
  assert.equal((await burst('py')).status, 1);
  assert.match(
    String((await statusOf(id)).error),
    /"app\.mail\.send" looks like a Python task: keep queue "py" for Python's workers/,
  );
});

interop('the listing commands show pickled jobs', async () => {
  const [queued = '', other = ''] = await python.run<string[]>(`
    found = plain_queue()
    return [found.enqueue('quick#add', 1, 2).id, found.enqueue('app.mail.send').id]`);
  const found = await lab.rqt('jobs', '--task', 'quick#*', '--json');
  assert.match(found.stdout, new RegExp(queued));
  assert.doesNotMatch(found.stdout, new RegExp(other));
  assert.match((await lab.rqt('info')).stdout, /1 queue, 2 jobs queued/);
  assert.equal((await lab.rqt('delete', other)).status, 0);
  assert.match((await lab.rqt('empty', 'default')).stdout, /1/);
  assert.deepEqual(await python.run('return plain_queue().job_ids'), []);
});

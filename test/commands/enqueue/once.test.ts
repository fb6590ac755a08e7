import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker, startBusy } from '../../helpers/busy.ts';
import { startRedis } from '../../helpers/redis.ts';
import { checkRqKeys } from '../../helpers/rq-reader.ts';
import { newSpace, type Space } from '../../helpers/space.ts';
import { until } from '../../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

/** A slot that does not end during a test, but for a test at midnight: that one is run again by {@link withinOneDay}. */
const TODAY = ['--once-per', '1d'];
const CALL = ['m#f', 'a', 'k=v', ...TODAY];

/** Makes the present slot one that was decided on a day ago, as if its time were over. */
async function endSlot(space: Space): Promise<void> {
  for (const key of await client.keys(space.key('rqt:once:*'))) {
    const [, at, id] = /^(\d+) (.*)$/.exec((await client.get(key)) ?? '') ?? [];
    await client.set(key, `${Number(at) - 86_400} ${id}`, 'KEEPTTL');
  }
}

const queued = (space: Space, queue = 'default') => client.lrange(space.key(`queue:${queue}`), 0, -1);
const state = (space: Space, id: string) => space.field(id, 'status');

/** Runs what takes for granted that the day does not end meanwhile; when it did, once more. */
async function withinOneDay(work: (space: Space) => Promise<void>): Promise<void> {
  const day = async () => Math.floor(Number((await client.time())[0]) / 86_400);
  const before = await day();
  try {
    await work(newSpace(redis));
  } catch (error) {
    if ((await day()) === before) throw error;
    await work(newSpace(redis));
  }
}

test('forty hosts with the same line in one slot make one job, and all print its id', () =>
  withinOneDay(async space => {
    const ran = await Promise.all(Array.from({ length: 40 }, () => space.run(['enqueue', ...CALL])));
    assert.deepEqual(new Set(ran.map(({ status, stderr }) => `${status}${stderr}`)), new Set(['0']));
    const ids = [...new Set(ran.map(({ stdout }) => stdout.trim()))];
    assert.deepEqual(await queued(space), ids);
    await endSlot(space);
    const next = await Promise.all(Array.from({ length: 10 }, () => space.run(['enqueue', ...CALL, '--overlap', 'queue'])));
    const nextIds = [...new Set(next.map(({ stdout }) => stdout.trim()))];
    assert.equal(nextIds.length, 1);
    assert.deepEqual(await queued(space), [...ids, ...nextIds]);
    await checkRqKeys(client, space.namespace);
  }));

test("slots of a second are cut by Redis's clock, and each of them has one job", async () => {
  const space = newSpace(redis);
  const ids = new Set<string>();
  const second = async () => Number((await client.time())[0]);
  const first = await second();
  while (ids.size < 3) ids.add(await space.enqueue('m#f', '--once-per', '1s', '--overlap', 'queue'));
  assert.ok((await second()) >= first + 2, 'three slots lie in three seconds');
  const made = await Promise.all([...ids].map(id => space.field(id, 'created_at')));
  assert.equal(new Set(made.map(stamp => stamp?.slice(0, 19))).size, 3);
  assert.deepEqual(await queued(space), [...ids]);
});

test("a host's clock does not matter", () =>
  withinOneDay(async space => {
    // Redis's time is the only one: a record of its today is today's, whatever a host thinks.
    const id = await space.enqueue(...CALL);
    const [key = ''] = await client.keys(space.key('rqt:once:*'));
    const [at] = (await client.get(key))?.split(' ') ?? [];
    const now = Number((await client.time())[0]);
    assert.ok(now - Number(at) >= 0 && now - Number(at) < 3600);
    const wrong = { env: { NODE_OPTIONS: '--import=data:text/javascript,const{now}=Date;Date.now=()=>now()+3e8' } };
    assert.equal((await space.run(['enqueue', ...CALL], wrong)).stdout, `${id}\n`);
    assert.equal((await space.run(['enqueue', ...CALL, '--tz', 'UTC'], wrong)).stdout, `${id}\n`);
  }));

test('queue, task, arguments and --job-id make the key, and nothing else', () =>
  withinOneDay(async space => {
    const id = await space.enqueue(...CALL);
    assert.equal(await space.enqueue('m#f', 'k=v', 'a', '--timeout', '9', '--description', 'other', ...TODAY), id);
    const others = [
      await space.enqueue('m#f', 'b', 'k=v', ...TODAY),
      await space.enqueue('m#g', 'a', 'k=v', ...TODAY),
      await space.enqueue(...CALL, '-q', 'high'),
      await space.enqueue(...CALL, '--job-id', 'X'),
    ];
    assert.equal(new Set([id, ...others]).size, 5);
    assert.equal(await space.enqueue('other#task', '-q', 'high', '--job-id', 'X', ...TODAY), 'X');
    assert.equal((await queued(space)).filter(name => name === 'X').length, 1);
    assert.deepEqual(await queued(space, 'high'), [others[2]]);
  }));

for (const end of ['finished', 'failed', 'gone']) {
  test(`a slot whose job is ${end} has had its job`, () =>
    withinOneDay(async space => {
      const task = end === 'failed' ? 'hello#workat' : 'hello#hello';
      const id = await space.enqueue(task, ...TODAY);
      await space.run(['worker', '--burst']);
      if (end === 'gone') assert.equal((await space.run(['delete', id])).status, 0);
      const { status, stdout } = await space.run(['enqueue', task, ...TODAY, '--json']);
      const said = JSON.parse(stdout);
      assert.deepEqual([status, said.id, said.enqueued, said.state], [0, id, false, end === 'gone' ? null : end]);
      assert.deepEqual(await queued(space), []);
    }));
}

test('--json says that a job is new', () =>
  withinOneDay(async space => {
    const said = JSON.parse((await space.run(['enqueue', ...CALL, '--json'])).stdout);
    assert.deepEqual(said, {
      version: 1,
      kind: 'enqueued',
      id: said.id,
      queue: 'default',
      task: 'm#f',
      enqueued: true,
      state: null,
    });
  }));

test('--overlap skip, the default: a slot is left out while the last job is unfinished, and stays used', () =>
  withinOneDay(async space => {
    const id = await space.enqueue('hello#hello', ...TODAY);
    await endSlot(space);
    const skipped = await space.run(['enqueue', 'hello#hello', ...TODAY]);
    assert.deepEqual([skipped.status, skipped.stdout, skipped.stderr], [0, `${id}\n`, '']);
    await space.run(['worker', '--burst']);
    assert.equal(await space.enqueue('hello#hello', ...TODAY, '--overlap', 'skip'), id);
    await endSlot(space);
    assert.notEqual(await space.enqueue('hello#hello', ...TODAY), id);
    assert.equal((await queued(space)).length, 1);
  }));

test('a job that is to be tried again is unfinished', () =>
  withinOneDay(async space => {
    const call = ['hello#workat', ...TODAY, '--retry-max', '1', '--retry-interval', '1h'];
    const id = await space.enqueue(...call);
    await space.run(['worker', '--burst']);
    assert.equal(await state(space, id), 'scheduled');
    await endSlot(space);
    assert.equal(await space.enqueue(...call), id);
  }));

test('--overlap queue puts one more on the queue', () =>
  withinOneDay(async space => {
    const ids = [await space.enqueue(...CALL)];
    await endSlot(space);
    ids.push(await space.enqueue(...CALL, '--overlap', 'queue'));
    assert.deepEqual(await queued(space), ids);
    assert.equal(new Set(ids).size, 2);
  }));

for (const [flags, was] of [
  [[], 'queued'],
  [['--schedule-in', '1h'], 'scheduled'],
  [['--depends-on', 'parent'], 'deferred'],
] as const) {
  test(`--overlap replace cancels a ${was} job, and one waits`, () =>
    withinOneDay(async space => {
      await space.enqueue('m#f', '--job-id', 'parent', '-q', 'aside');
      const old = await space.enqueue(...CALL, ...flags);
      assert.equal(await state(space, old), was);
      await endSlot(space);
      const id = await space.enqueue(...CALL, '--overlap', 'replace');
      assert.deepEqual(await queued(space), [id]);
      assert.equal(await state(space, old), 'canceled');
      assert.match((await space.run(['status', old])).stdout, new RegExp(`replaced by job ${id}`));
      assert.equal(await space.enqueue(...CALL, '--overlap', 'replace'), id);
      await checkRqKeys(client, space.namespace);
    }));
}

test('--overlap replace stops a running job, and the new one runs', () =>
  withinOneDay(async space => {
    const busy = await startBusy(space, 'w', [...TODAY]);
    await endSlot(space);
    const folder = await space.field(busy.id, 'description');
    assert.ok(folder);
    const args = /\('(.*)'\)/.exec(folder)?.[1] ?? '';
    const id = await space.enqueue('waits#untilOpen', args, ...TODAY, '--overlap', 'replace');
    assert.notEqual(id, busy.id);
    await busy.begun(2);
    assert.equal(await state(space, busy.id), 'stopped');
    assert.equal(await state(space, id), 'started');
    busy.open();
    await until('the new job has finished', async () => (await state(space, id)) === 'finished');
    assert.equal(await endWorker(busy.worker), 0);
  }));

test('--job-id: the ended job of the last slot is replaced', () =>
  withinOneDay(async space => {
    const call = ['hello#hello', '--job-id', 'X', ...TODAY];
    await space.enqueue(...call);
    await space.run(['worker', '--burst']);
    assert.equal(await space.enqueue(...call), 'X');
    assert.equal(await state(space, 'X'), 'finished');
    await endSlot(space);
    assert.equal(await space.enqueue(...call), 'X');
    assert.equal(await state(space, 'X'), 'queued');
  }));

test('--job-id: an unfinished job of this id is left alone, also one that no slot has made', () =>
  withinOneDay(async space => {
    await space.enqueue('m#f', 'by hand', '--job-id', 'X');
    const ran = await space.run(['enqueue', 'm#f', '--job-id', 'X', ...TODAY]);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'X\n', '']);
    assert.deepEqual(await queued(space), ['X']);
  }));

test('--job-id with --overlap replace: a waiting job is replaced, and its child waits for the new one', () =>
  withinOneDay(async space => {
    await space.enqueue('hello#workat', '--job-id', 'X', ...TODAY);
    const child = await space.enqueue('hello#hello', '--depends-on', 'X');
    await endSlot(space);
    assert.equal(await space.enqueue('hello#hello', '--job-id', 'X', ...TODAY, '--overlap', 'replace'), 'X');
    assert.deepEqual([await queued(space), await state(space, child)], [['X'], 'deferred']);
    assert.equal((await space.run(['worker', '--burst'])).status, 0);
    assert.deepEqual([await state(space, 'X'), await state(space, child)], ['finished', 'finished']);
  }));

test('--job-id with --overlap replace waits until the running job has stopped, and then enqueues', () =>
  withinOneDay(async space => {
    const busy = await startBusy(space, 'w', ['--job-id', 'X', ...TODAY]);
    await endSlot(space);
    await client.set(space.key('rqt:suspended:default'), '1');
    assert.equal(await space.enqueue('hello#hello', '--job-id', 'X', ...TODAY, '--overlap', 'replace'), 'X');
    assert.deepEqual([await queued(space), await state(space, 'X')], [['X'], 'queued']);
    await client.del(space.key('rqt:suspended:default'));
    await endWorker(busy.worker);
  }));

test('--job-id with --overlap replace does not wait for a worker that was killed on this machine', () =>
  withinOneDay(async space => {
    const { worker } = await startBusy(space, 'w', ['--job-id', 'X', ...TODAY]);
    await endSlot(space);
    worker.child.kill('SIGKILL');
    await worker.ended;
    const ran = await space.run(['enqueue', 'hello#hello', '--job-id', 'X', ...TODAY, '--overlap', 'replace']);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'X\n', '']);
    assert.deepEqual([await queued(space), await client.zcard(space.key('wip:default'))], [['X'], 0]);
  }));

test('with --lines each line has slots of its own', () =>
  withinOneDay(async space => {
    const call = ['enqueue', 'm#f', '--lines', '-', ...TODAY];
    const first = (await space.run(call, { input: 'a\nb\n' })).stdout.trim().split('\n');
    const second = (await space.run(call, { input: 'b\nc\na\na\n' })).stdout.trim().split('\n');
    assert.deepEqual([second[0], second[2], second[3]], [first[1], first[0], first[0]]);
    assert.deepEqual(await queued(space), [...first, second[1]]);
  }));

test('no longer than a week after its slot a key is remembered, and then nothing of it is left', () =>
  withinOneDay(async space => {
    await space.enqueue('m#f', '--once-per', '1h', '--result-ttl', '0');
    const [record = ''] = await client.keys(space.key('rqt:once:*'));
    const ttl = await client.ttl(record);
    assert.ok(ttl > 7 * 86_400 - 60 && ttl <= 7 * 86_400 + 3600, `${ttl}`);
    await client.pexpire(record, 1);
    await until('the record is gone', async () => (await client.exists(record)) === 0);
    await space.run(['empty', 'default']);
    assert.deepEqual(await space.keys(), [space.key('queues')]);
  }));

test("after Redis's clock was set back a slot that has its job keeps it; a record from far ahead is no obstacle", () =>
  withinOneDay(async space => {
    const id = await space.enqueue(...CALL);
    const [record = ''] = await client.keys(space.key('rqt:once:*'));
    const now = Number((await client.time())[0]);
    await client.set(record, `${now + 86_400} ${id}`);
    assert.equal(await space.enqueue(...CALL, '--overlap', 'queue'), id);
    await client.set(record, `${now + 5 * 86_400} ${id}`);
    assert.notEqual(await space.enqueue(...CALL, '--overlap', 'queue'), id);
  }));

for (const [flags, words] of [
  [['--once-per', '7m'], /6m and 8m/],
  [['--once-per', '5h'], /4h and 6h/],
  [['--once-per', '2d'], /longer than a day/],
  [['--once-per', '0'], /is zero/],
  [['--once-per=-1'], /is negative/],
  [['--once-per', '0.5s'], /no whole number of seconds/],
  [['--once-per', 'day'], /is not a duration/],
  [['--once-per', '1m', '--unique'], /exclude each other/],
  [['--once-per', '1m', '--overlap', 'wait'], /say skip, queue or replace/],
  [['--overlap', 'skip'], /--once-per: give that too/],
  [['--once-per', '1m', '--overlap', 'queue', '--job-id', 'X'], /leave one of them away/],
  [['--once-per', '1d', '--tz', 'Europe/Berln'], /did you mean --tz Europe\/Berlin/],
  [['--tz', 'Europe/Berlin'], /or of --once-per/],
  [['--once-per', '1d', '--tz', 'Europe/Berlin', '--schedule-at', '2027-01-31T09:00'], /put an offset behind the time/],
] as const) {
  test(`${flags.join(' ')} is refused with 64 and one line`, async () => {
    const space = newSpace(redis);
    const ran = await space.run(['enqueue', 'm#f', ...flags]);
    assert.deepEqual([ran.status, ran.stdout], [64, '']);
    assert.match(ran.stderr, /^rqt: [^\n]*\n$/);
    assert.match(ran.stderr, words);
    assert.deepEqual(await space.keys(), []);
  });
}

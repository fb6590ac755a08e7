import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { until } from '../helpers/until.ts';
import { type NewJob, openStage } from './stage.ts';

const stage = await openStage();
const { put, burst, redis } = stage;
const { client } = redis;
beforeEach(() => client.flushall());

test('a dotted name from Python is a module in a folder and a function', async () => {
  const id = await put('quick.add', { args: [1, 2] });
  assert.equal((await burst()).status, 0);
  assert.equal((await stage.status(id)).result, 3);
});

test('an uncompressed payload is read', async () => {
  const id = await put('quick#add', { data: Buffer.from('["quick#add", null, [2, 3], {}]') });
  await burst();
  assert.equal((await stage.status(id)).result, 5);
});

test('a failed job with retries is tried again at once, and its attempts are told', async () => {
  const id = await put('quick#failUntil', { args: [3], fields: { retries_left: 3 } });
  const ran = await burst();
  assert.equal(ran.status, 0);
  assert.equal(ran.stderr.match(/will be retried/g)?.length, 2);
  assert.deepEqual(await resultTypes(id), ['4', '4', '1']);
  assert.equal((await stage.job(id)).retries_left, '1');
});

test('a job whose retries are used up fails', async () => {
  const id = await put('quick#fail', { fields: { retries_left: 1 } });
  assert.equal((await burst()).status, 1);
  assert.deepEqual([(await stage.job(id)).status, (await stage.job(id)).retries_left], ['failed', '0']);
});

test('gap 5: a retry with an interval waits in the schedule and nowhere else, and is run when it is due', async () => {
  const id = await put('quick#failUntil', { args: [2], fields: { retries_left: 1, retry_intervals: '[1]' } });
  const first = await burst();
  assert.equal(first.status, 1);
  assert.deepEqual([(await stage.job(id)).status, await stage.places(id)], ['scheduled', ['scheduled:default']]);
  const worker = await stage.start('--max-jobs', '1');
  assert.equal((await worker.ended).status, 0);
  assert.equal((await stage.status(id)).result, 2);
});

test('a waiting worker starts a scheduled job when it is due', async () => {
  const worker = await stage.start('--max-jobs', '1');
  const [now] = await client.time();
  const id = await put('quick#nothing', { place: 'nowhere', fields: { status: 'scheduled' } });
  await client.zadd('rq:scheduled:default', Number(now) + 1, id);
  await worker.ended;
  assert.equal((await stage.job(id)).status, 'finished');
});

test('gap 6: a due job is enqueued once, however many workers look', async () => {
  const notes = stage.path('notes');
  for (let i = 0; i < 150; i++) {
    const id = await put('quick#note', { place: 'nowhere', args: [notes, String(i)], fields: { status: 'scheduled' } });
    await client.zadd('rq:scheduled:default', 1, id);
  }
  await Promise.all([burst('-q'), burst('-q'), burst('-q')]);
  assert.deepEqual(lines(notes).length, 150);
  assert.equal(new Set(lines(notes)).size, 150);
});

test('gap 4: a due time that is noted before its job does not lose the job', async () => {
  const [now] = await client.time();
  await client.zadd('rq:scheduled:default', Number(now), 'late');
  await burst();
  assert.deepEqual(await client.zrange('rq:scheduled:default', '0', '-1'), ['late']);
  await put('quick#nothing', { id: 'late', place: 'nowhere', fields: { status: 'scheduled' } });
  await burst();
  assert.equal((await stage.job('late')).status, 'finished');
});

test('a time for a job that never came is forgotten', async () => {
  await client.zadd('rq:scheduled:default', 1, 'never');
  await burst();
  assert.equal(await client.exists('rq:scheduled:default'), 0);
});

test('children run after their parents, in a chain', async () => {
  const notes = stage.path('notes');
  const ids = ['a', 'b', 'c'];
  for (const [i, id] of ids.entries()) await putNoted(notes, id, i === 0 ? [] : [ids[i - 1] ?? '']);
  assert.equal((await burst()).status, 0);
  assert.deepEqual(lines(notes), ids);
  assert.deepEqual(await client.keys('rq:deferred:*'), []);
});

test('in a diamond the last one waits for both, and runs once', async () => {
  const notes = stage.path('notes');
  await putNoted(notes, 'left', ['top']);
  await putNoted(notes, 'right', ['top']);
  await putNoted(notes, 'bottom', ['left', 'right']);
  await putNoted(notes, 'top', []);
  assert.equal((await burst()).status, 0);
  const order = lines(notes);
  assert.deepEqual([order[0], order.at(-1), order.length], ['top', 'bottom', 4]);
});

test('a child of a failed parent stays deferred, one that allows failures runs', async () => {
  const notes = stage.path('notes');
  await putNoted(notes, 'strict', ['bad']);
  await putNoted(notes, 'lenient', ['bad'], { allow_dependency_failures: 1 });
  await put('quick#fail', { id: 'bad' });
  assert.equal((await burst()).status, 1);
  assert.deepEqual(lines(notes), ['lenient']);
  assert.deepEqual([(await stage.job('strict')).status, await stage.places('strict')], ['deferred', ['deferred:default']]);
});

test('gap 10: a parent’s last failure releases its lenient children in the same step, retries do not', async () => {
  const notes = stage.path('notes');
  await putNoted(notes, 'lenient', ['bad'], { allow_dependency_failures: 1 });
  await put('quick#fail', { id: 'bad', fields: { retries_left: 1 } });
  const ran = await burst();
  assert.ok(ran.stderr.lastIndexOf('(bad)') < ran.stderr.indexOf('(lenient)'), ran.stderr);
  assert.deepEqual(lines(notes), ['lenient']);
});

test('a child that asks for it is put at the front', async () => {
  const notes = stage.path('notes');
  await putNoted(notes, 'parent', []);
  await putNoted(notes, 'other', []);
  await putNoted(notes, 'child', ['parent'], { enqueue_at_front: 1 });
  await burst();
  assert.deepEqual(lines(notes), ['parent', 'child', 'other']);
});

test('a child of another queue is put on its own queue', async () => {
  const notes = stage.path('notes');
  await putNoted(notes, 'parent', []);
  await putNoted(notes, 'child', ['parent'], {}, 'other');
  await burst();
  assert.deepEqual([lines(notes), await stage.places('child')], [['parent'], ['queue:other']]);
});

test('five hundred children of one parent are all released', async () => {
  await put('quick#nothing', { id: 'parent' });
  for (let i = 0; i < 500; i++) await putNoted('/dev/null', `child-${i}`, ['parent']);
  const ran = await burst('-q');
  assert.equal(ran.status, 0);
  assert.equal(await client.zcard('rq:finished:default'), 501);
});

test('gap 12: a job whose ttl is over while it is queued is canceled with a reason and not run', async () => {
  const notes = stage.path('notes');
  const id = await put('quick#note', { args: [notes, 'ran'], fields: { ttl: 1, rqt_expires: 1 } });
  assert.equal((await burst()).status, 0);
  const status = await stage.status(id);
  assert.deepEqual([status.state, status.cancel_reason], ['canceled', 'it waited longer than its ttl']);
  assert.deepEqual([lines(notes), await stage.places(id)], [[], ['canceled:default']]);
});

test('gap 12: a job that rqt enqueued with a ttl is canceled by any worker’s upkeep, whatever its queue', async () => {
  const ran = await stage.rqt('enqueue', '--ttl', '1s', '-q', 'elsewhere', '--job-id', 'short', 'quick#nothing');
  assert.equal(ran.status, 0, ran.stderr);
  const worker = await stage.start('another');
  await stage.untilState('short', 'canceled');
  assert.deepEqual(await stage.places('short'), ['canceled:elsewhere']);
  worker.child.kill();
  await worker.ended;
});

test('gap 11: a job that is enqueued again is not forgotten by the ttl of its past', async () => {
  await stage.rqt('enqueue', '--job-id', 'again', '--result-ttl', '5s', 'quick#nothing');
  await burst();
  assert.ok((await client.ttl('rq:job:again')) <= 5);
  await stage.rqt('enqueue', '--job-id', 'again', 'quick#nothing');
  assert.equal(await client.ttl('rq:job:again'), -1);
  // As Python enqueues an old id: what its past left as an expiry is still there.
  await client.expire('rq:job:again', 5);
  const gate = stage.gate();
  await put('slow#gate', { id: 'again', place: 'nowhere', args: [gate.file] });
  const worker = await stage.start('--burst');
  await until('it is started', async () => /the gate is closed/.test(worker.printed.stdout));
  assert.equal(await client.ttl('rq:job:again'), -1);
  gate.open();
  await worker.ended;
});

test('gap 13: a heartbeat or an end that comes after a delete leaves no ghost', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  await client.del(`rq:job:${id}`);
  gate.open();
  const ran = await worker.ended;
  assert.match(ran.stderr, /Late result dropped/);
  assert.deepEqual(
    (await client.keys('*')).filter(key => key.includes(id)),
    [],
  );
  assert.deepEqual(await client.keys('rq:wip:*'), []);
});

test('gap 14: a lenient child that is added after its parent has failed does not wait for ever', async () => {
  const notes = stage.path('notes');
  await put('quick#fail', { id: 'bad' });
  await burst();
  await putNoted(notes, 'lenient', ['bad'], { allow_dependency_failures: 1 });
  await putNoted(notes, 'strict', ['bad']);
  assert.equal((await burst()).status, 0);
  assert.deepEqual(lines(notes), ['lenient']);
  assert.equal((await stage.job('strict')).status, 'deferred');
});

test('gap 16: emptying a queue cancels the children that wait for its jobs', async () => {
  await put('quick#nothing', { id: 'parent' });
  await putNoted('/dev/null', 'child', ['parent'], {}, 'other');
  const ran = await stage.rqt('empty', 'default');
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal((await stage.status('child')).state, 'canceled');
  assert.deepEqual(
    (await client.keys('rq:job:*')).filter(key => key.includes('parent')),
    [],
  );
});

/** A job that notes its id, deferred on its parents as RQ writes it. */
async function putNoted(file: string, id: string, parents: string[], fields: NewJob['fields'] = {}, queue = 'default') {
  if (parents.length === 0) return put('quick#note', { id, queue, args: [file, id], fields });
  await put('quick#note', {
    id,
    queue,
    place: 'nowhere',
    args: [file, id],
    fields: { status: 'deferred', dependency_ids: JSON.stringify(parents), dependency_id: parents[0] ?? '', ...fields },
  });
  await client.zadd(`rq:deferred:${queue}`, Math.floor(Date.now() / 1000), id);
  await client.sadd(`rq:job::${id}:dependencies`, ...parents);
  for (const parent of parents) await client.sadd(`rq:job:${parent}:dependents`, id);
  return id;
}

async function resultTypes(id: string): Promise<string[]> {
  const entries = await client.xrange(`rq:results:${id}`, '-', '+');
  return entries.map(([, fields]) => fields[fields.indexOf('type') + 1] ?? '');
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

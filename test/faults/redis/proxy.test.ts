import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { openProxy } from '../../helpers/proxy.ts';
import { until } from '../../helpers/until.ts';
import { openStage, told } from '../../worker/stage.ts';

/** Connections that break in the middle of an answer, and those whose other end is gone without a word. */
const stage = await openStage('--appendonly', 'yes');
// A connection that owes an answer for longer is dead.
stage.env.RQT_REDIS_TIMEOUT = '1s';
const { put, redis } = stage;
const { client } = redis;
const proxy = await openProxy(redis);
beforeEach(async () => {
  proxy.pass();
  await client.flushall();
});

for (const afterBytes of [0, 1, 7]) {
  test(`a settlement whose answer is cut after ${afterBytes} bytes is sent again and counts once`, async () => {
    const gate = stage.gate();
    const id = await put('slow#gate', { args: [gate.file] });
    const worker = await stage.start('--url', proxy.url);
    await stage.untilState(id, 'started');
    const cut = proxy.cutReply(afterBytes, request => request.includes('finished') && request.includes(id));
    gate.open();
    await cut;
    const next = await put('quick#echo', { args: ['after'] });
    await stage.untilState(next, 'finished');
    worker.child.kill();
    const ran = await worker.ended;
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(told(ran, /Redis connection lost/).length, 1, ran.stderr);
    assert.deepEqual(told(ran, /Late result dropped|Lease lost/), []);
    assert.deepEqual([(await stage.status(id)).result, (await stage.status(id)).attempt_count], ['through', 1]);
    assert.equal(await client.xlen(`rq:results:${id}`), 1);
    assert.deepEqual(await stage.places(id), ['finished:default']);
  });
}

test('a claim whose answer is cut is asked for again and starts the job once', async () => {
  const notes = stage.path('notes');
  const worker = await stage.start('--url', proxy.url);
  const cut = proxy.cutReply(3, request => /EVAL/i.test(request) && request.includes('60'));
  const id = await put('quick#note', { args: [notes, 'ran'] });
  await cut;
  await stage.untilState(id, 'finished');
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
  assert.equal(readFileSync(notes, 'utf8'), 'ran\n');
  assert.equal((await stage.status(id)).attempt_count, 1);
});

for (const direction of ['requests', 'replies'] as const) {
  test(`a worker finds out in mid-job that its connections are half open (${direction} vanish), settles, takes on and hears`, async () => {
    const gate = stage.gate();
    const notes = stage.path('notes');
    const id = await put('slow#notedGate', { args: [gate.file, notes] });
    const worker = await stage.start('--url', proxy.url, '--name', 'w');
    await until('the task has begun', () => existsSync(notes));
    proxy.swallow(direction);
    gate.open();
    await until('the job has ended', () => /end/.test(readFileSync(notes, 'utf8')));
    await until('it tells', () => /Redis connection lost/.test(worker.printed.stderr));
    proxy.pass();
    await stage.untilState(id, 'finished');
    const next = await put('quick#nothing');
    await stage.untilState(next, 'finished');
    await until('it hears', async () => (await client.pubsub('NUMSUB', 'rq:pubsub:w'))[1] !== 0);
    assert.equal((await stage.rqt('shutdown', 'w')).status, 0);
    const ran = await worker.ended;
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(told(ran, /Redis connection lost/).length, 1, ran.stderr);
    assert.match(told(ran, /Redis connection lost/)[0] ?? '', /no answer within 2 s/);
    assert.equal((await stage.status(id)).attempt_count, 1);
    assert.equal(readFileSync(notes, 'utf8'), 'begin\nend\n');
  });
}

test('an idle worker whose connections are half open takes the next job', async () => {
  const worker = await stage.start('--url', proxy.url);
  await stage.untilState(await put('quick#nothing'), 'finished');
  proxy.swallow('both');
  proxy.pass();
  await stage.untilState(await put('quick#nothing'), 'finished');
  worker.child.kill();
  assert.equal((await worker.ended).status, 0);
});

test('rqt info on a connection that falls silent ends with 69 and one line', async () => {
  const { status, stdout, stderr } = await silent(['info']);
  assert.deepEqual([status, stdout], [69, '']);
  assert.match(stderr, /^rqt: the connection to Redis at \S+ \(from --url\) was lost \(no answer within 2 s\): try again\n$/);
});

test('rqt enqueue whose answer never comes ends with 69 and says that the job may be there, and how to find out', async () => {
  const { status, stdout, stderr } = await silent(['enqueue', 'quick#nothing', '--job-id', 'mine']);
  assert.deepEqual([status, stdout], [69, '']);
  assert.match(
    stderr,
    /^rqt: .* was lost \(no answer within 2 s\): job mine may or may not have been enqueued .*rqt status mine.*\n$/,
  );
  assert.deepEqual(await stage.places('mine'), ['queue:default']);
});

test('rqt enqueue whose answer is cut says the same of the id that it chose', async () => {
  const cut = proxy.cutReply(2, request => request.includes('EVAL'));
  const { status, stdout, stderr } = await stage.rqt('enqueue', 'quick#nothing', '--url', proxy.url);
  await cut;
  assert.deepEqual([status, stdout], [69, '']);
  const [, id = ''] = /: job (\S+) may or may not have been enqueued .*\n$/.exec(stderr) ?? [];
  assert.deepEqual(await stage.places(id), ['queue:default'], stderr);
  assert.equal((await stage.rqt('enqueue', 'quick#nothing', '--job-id', id, '--unique')).status, 0);
  assert.equal(await client.llen('rq:queue:default'), 1);
});

test('rqt enqueue --lines says from which line on it is not known', async () => {
  const file = stage.path('lines');
  writeFileSync(file, Array.from({ length: 700 }, (_, i) => `line ${i}\n`).join(''));
  const cut = proxy.cutReply(2, request => request.includes('line 300'));
  const { status, stdout, stderr } = await stage.rqt('enqueue', 'quick#echo', '--lines', file, '--url', proxy.url);
  await cut;
  assert.equal(status, 69, stderr);
  assert.equal(stdout.split('\n').length - 1, 250);
  assert.match(stderr, /the first 250 lines were enqueued, line 251 and those behind it may or may not have been/);
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
});

test('a Redis that is only slow is waited for', async () => {
  proxy.delay(300);
  assert.equal((await stage.rqt('info', '--url', proxy.url)).status, 0);
  assert.equal((await stage.rqt('enqueue', 'quick#nothing', '--url', proxy.url)).status, 0);
});

test('rqt wait outlives a connection that falls silent', async () => {
  const gate = stage.gate();
  const id = await put('slow#gate', { args: [gate.file] });
  const worker = await stage.start('--burst');
  await stage.untilState(id, 'started');
  let asked = false;
  proxy.silence(request => {
    const isSilent = request.includes(`rq:results:${id}`);
    asked ||= isSilent;
    return isSilent;
  });
  const waiting = stage.rqt('wait', id, '--url', proxy.url);
  await until('it waits', () => asked);
  gate.open();
  await worker.ended;
  proxy.pass();
  const { status, stdout, stderr } = await waiting;
  assert.deepEqual([status, stdout], [0, `${id} finished\n`], stderr);
});

/** A command on whose connection nothing comes back once it was made. */
function silent(args: readonly string[]) {
  proxy.silence(request => request.includes('rq:'));
  return stage.rqt(...args, '--url', proxy.url);
}

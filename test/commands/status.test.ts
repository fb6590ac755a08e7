import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

const TASKS = newFolder({
  'tasks.mjs': `
    export const speak = (count = 3) => { for (let i = 1; i <= count; i++) console.log('line ' + i); console.error('to stderr'); };
    export const fail = () => { throw new TypeError('no such fish', { cause: new Error('the pond is dry') }); };
    export const give = () => ({ deep: [1, { a: null }], text: 'Zürich' });
    export const big = () => new Map();
    export const wait = () => new Promise(resolve => setTimeout(resolve, 600_000));
  `,
});

/** Runs one job to its end and returns its id. */
async function runJob(space: Space, ...args: string[]): Promise<string> {
  const id = await space.enqueue(...args);
  await space.run(['worker', '--burst', '--path', TASKS]);
  return id;
}

/** The lines `label value` of a status as a record, and its first line. */
async function read(space: Space, id: string): Promise<{ head: string; facts: Record<string, string>; text: string }> {
  const ran = await space.run(['status', id]);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  const lines = linesOf(ran.stdout);
  const facts = lines.slice(1).filter(line => /^ {2}\S/.test(line));
  return {
    head: lines[0] ?? '',
    facts: Object.fromEntries(facts.map(line => [line.slice(2, 14).trim(), line.slice(14)])),
    text: ran.stdout,
  };
}

async function document(space: Space, id: string) {
  return JSON.parse((await space.run(['status', '--json', id])).stdout);
}

/** A job as Python's RQ writes one, in whatever state. */
async function writeJob(space: Space, id: string, fields: Record<string, string | Buffer>): Promise<void> {
  await client.sadd(space.key('queues'), space.key('queue:default'));
  await client.hset(space.key(`job:${id}`), {
    created_at: '2026-01-02T03:04:05.678901Z',
    data: deflateSync('["pkg.mod.fn", null, ["a"], {"k": 1}]'),
    origin: 'default',
    description: "pkg.mod.fn('a', k=1)",
    timeout: '180',
    ...fields,
  });
}

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /;

test('a queued job shows its task, queue, place in line and times', async () => {
  const space = newSpace(redis);
  await space.enqueue('m#f');
  await space.enqueue('m#f');
  const id = await space.enqueue('tasks/mail#send', 'hello', 'x=1', '-q', 'default', '--ttl', '1h', '--timeout', '5m');
  const { head, facts } = await read(space, id);
  assert.equal(head, `${id}  ○ queued`);
  assert.equal(facts.task, "tasks/mail#send('hello', x='1')");
  assert.equal(facts.queue, 'default, 2 jobs ahead of it');
  assert.match(facts.created ?? '', TIME);
  assert.match(facts.enqueued ?? '', /(just now|ago)$/);
  assert.equal(facts.limits, 'timeout 5 min, waits for at most 1 h');
});

test('times are local, with their age', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'a', { status: 'queued' });
  const { stdout } = await space.run(['status', 'a'], { env: { TZ: 'Asia/Tokyo' } });
  assert.match(stdout, /created +2026-01-02 12:04:05 \+09:00 +\d+ d ago/);
});

test('a finished job shows its result, duration, worker and for how long it is kept', async () => {
  const space = newSpace(redis);
  const id = await runJob(space, 'tasks#give');
  const { head, facts } = await read(space, id);
  assert.equal(head, `${id}  ✓ finished`);
  assert.equal(facts.result, '{"deep":[1,{"a":null}],"text":"Zürich"}');
  assert.match(facts.started ?? '', TIME);
  assert.match(facts.ended ?? '', TIME);
  assert.match(facts.duration ?? '', / m?s$/);
  assert.match(facts.worker ?? '', /\.\d+$/);
  assert.match(facts.kept ?? '', /^forgotten in 8 min/);
});

test('a finished job without a result that could be kept says why', async () => {
  const space = newSpace(redis);
  const { facts } = await read(space, await runJob(space, 'tasks#big'));
  assert.match(facts.result ?? '', /^none: .*Map/i);
});

test("a failed job shows its reason with the task's own stack trace and cause", async () => {
  const space = newSpace(redis);
  const id = await runJob(space, 'tasks#fail');
  const { head, facts, text } = await read(space, id);
  assert.equal(head, `${id}  ✗ failed`);
  assert.match(facts.error ?? '', /^TypeError: no such fish/);
  assert.match(text, new RegExp(`at fail \\(.*${join(TASKS, 'tasks.mjs')}:3:\\d+\\)`));
  assert.match(text, /the pond is dry/);
  assert.doesNotMatch(text, /dist\/executor/);
});

test('the last lines of output are shown, and how many there were', async () => {
  const space = newSpace(redis);
  const { facts, text } = await read(space, await runJob(space, 'tasks#speak', ':25'));
  assert.match(facts.stdout ?? '', /last 10 of 25 lines/);
  assert.match(text, /line 16\n.*line 25\n/s);
  assert.doesNotMatch(text, /line 15\n/);
  assert.match(text, /stderr\n +to stderr/);
});

test('a running job shows since when, its worker and what it has written so far', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('tasks#wait');
  const worker = space.start(['worker', '--name', 'w1', '--path', TASKS, '--grace', '0.1s']);
  await until('the job runs', async () => (await space.field(id, 'status')) === 'started');
  const { head, facts } = await read(space, id);
  assert.equal(head, `${id}  ▶ started`);
  assert.match(facts.duration ?? '', /so far$/);
  assert.equal(facts.worker, 'w1');
  assert.match(facts['lease until'] ?? '', /in \d+ s$/);
  await space.run(['cancel', id]);
  worker.child.kill('SIGTERM');
  await worker.ended;
  const stopped = await read(space, id);
  assert.equal(stopped.head, `${id}  ■ stopped`);
  assert.match(stopped.facts.error ?? '', /^Job stopped by user/);
});

test('a canceled job shows when and why', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f');
  await space.run(['cancel', id]);
  const { head, facts } = await read(space, id);
  assert.equal(head, `${id}  ⊘ canceled`);
  assert.match(facts.canceled ?? '', TIME);
  assert.equal(facts.reason, 'canceled by a user');
});

test('a deferred job of Python shows what it waits for', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'child', { status: 'deferred', dependency_ids: '["p1", "p2"]', dependency_id: 'p1' });
  await client.zadd(space.key('deferred:default'), 1, 'child');
  await client.sadd(space.key('job::child:dependencies'), 'p2', 'p1');
  const { head, facts } = await read(space, 'child');
  assert.equal(head, 'child  ◌ deferred');
  assert.equal(facts['waits for'], 'p1, p2');
  assert.deepEqual((await document(space, 'child')).waits_for, ['p1', 'p2']);
});

test('a scheduled job shows when it is due', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'later', { status: 'scheduled' });
  const due = Math.floor(Date.now() / 1000) + 3600;
  await client.zadd(space.key('scheduled:default'), due, 'later');
  const { head, facts } = await read(space, 'later');
  assert.equal(head, 'later  ◷ scheduled');
  assert.match(facts.due ?? '', /in (1 h|59 min)$/);
  assert.equal(Date.parse((await document(space, 'later')).due_at), due * 1000);
});

test('a state that rqt does not know is shown by its name', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'a', { status: 'rate_limited' });
  assert.equal((await read(space, 'a')).head, 'a  ? rate_limited');
});

test('a pickle that cannot be read shows everything but its arguments', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'a', { status: 'queued', data: deflateSync(Buffer.from('\x80\x04\x95pickled', 'latin1')) });
  await client.rpush(space.key('queue:default'), 'a');
  const { facts } = await read(space, 'a');
  assert.equal(facts.task, "pkg.mod.fn('a', k=1)");
  assert.equal(facts.arguments, 'not shown (a pickle that is damaged (it ends too early))');
  assert.equal(facts.queue, 'default, next in line');
  const { task, args, opaque, queue } = await document(space, 'a');
  assert.deepEqual([task, args, opaque, queue], [null, null, 'a pickle that is damaged (it ends too early)', 'default']);
});

test('arguments that a number of JavaScript cannot hold are shown to their last digit', async () => {
  const space = newSpace(redis);
  await writeJob(space, 'a', { status: 'queued', data: Buffer.from('["m.f", null, [12345678901234567890], {}]') });
  assert.match((await read(space, 'a')).text, /m\.f\(12345678901234567890\)\n/);
  assert.match((await space.run(['status', '--json', 'a'])).stdout, /"args":\[12345678901234567890\]/);
});

test('every attempt is shown with its outcome', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('tasks#fail');
  await client.hset(space.key(`job:${id}`), 'retries_left', '2');
  await space.run(['worker', '--burst', '--path', TASKS]);
  const { facts, text } = await read(space, id);
  assert.equal(facts.attempts, '3');
  assert.equal(text.match(/✗ retried/g)?.length, 2);
  const { attempts, attempt_count, error } = await document(space, id);
  assert.deepEqual(
    attempts.map(({ outcome }: { outcome: string }) => outcome),
    ['retried', 'retried', 'failed'],
  );
  assert.equal(attempt_count, 3);
  assert.match(error, /^TypeError: no such fish/);
});

test('--json is one document of version 1 with the job as it is', async () => {
  const space = newSpace(redis);
  const id = await runJob(space, 'tasks#give', 'a', 'k:=1', '--timeout', '5m');
  const job = await document(space, id);
  const { version, kind, state, queue, task, args, kwargs, result, timeout_seconds, worker } = job;
  assert.deepEqual([version, kind, job.id, state, queue], [1, 'job', id, 'finished', 'default']);
  assert.deepEqual([task, args, kwargs, timeout_seconds], ['tasks#give', ['a'], { k: 1 }, 300]);
  assert.deepEqual(result, { deep: [1, { a: null }], text: 'Zürich' });
  assert.ok(Date.parse(job.created_at) <= Date.parse(job.started_at) && Date.parse(job.started_at) <= Date.parse(job.ended_at));
  assert.match(worker, /\.\d+$/);
});

test('an unknown id is 66 and one line', async () => {
  const ran = await newSpace(redis).run(['status', 'nobody']);
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  assert.match(ran.stderr, /^rqt: there is no job nobody; it may [^\n]*\n$/);
});

test('several ids are shown one after the other, a blank line between; one unknown among them is 66', async () => {
  const space = newSpace(redis);
  const [a, b] = [await space.enqueue('m#f'), await space.enqueue('m#f')];
  const ran = await space.run(['status', a, 'nobody', b]);
  assert.equal(ran.status, 66);
  const [first, second, ...more] = ran.stdout.split('\n\n');
  assert.ok(first?.startsWith(a) && second?.startsWith(b) && more.length === 0);
  assert.match(ran.stderr, /^rqt: there is no job nobody; it may [^\n]*\n$/);
  const json = await space.run(['status', '--json', a, b]);
  assert.deepEqual(
    linesOf(json.stdout).map(line => JSON.parse(line).id),
    [a, b],
  );
});

test('what a job says of itself cannot send escape sequences to the terminal', async () => {
  const space = newSpace(redis);
  const evil = '\x1b]0;pwned\x07\x1b[2J\u202e';
  await writeJob(space, 'a', {
    ...{ status: 'failed', description: evil, worker_name: evil },
    data: deflateSync(JSON.stringify(['m#f', null, [evil], { k: evil }])),
  });
  await client.xadd(
    space.key('results:a'),
    '*',
    'type',
    '2',
    'exc_string',
    deflateSync(`Error: ${evil}\n  at ${evil}`).toString('base64'),
  );
  for (const flags of [[], ['--json']]) {
    const { stdout, status } = await space.run(['status', 'a', ...flags], { env: { FORCE_COLOR: '0' } });
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f\u202e]/);
  }
});

test('status writes nothing, and needs no more than to read', async () => {
  const own = await startRedis();
  const space = newSpace(own);
  const ids = [await runJob(space, 'tasks#speak'), await runJob(space, 'tasks#fail'), await space.enqueue('m#f')];
  await own.client.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', 'resetchannels', '-@all', '+@read', '+@connection');
  const env = { RQT_REDIS_URL: `unix://reader:pw@${own.socket}` };
  const before = await dumpKeys(own.client);
  for (const flags of [[], ['--json']]) {
    const ran = await space.run(['status', ...flags, ...ids], { env });
    assert.deepEqual([ran.status, ran.stderr], [0, '']);
  }
  assert.deepEqual(await dumpKeys(own.client), before);
});

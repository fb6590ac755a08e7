import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { checkRqKeys, readRqJob } from '../helpers/rq-reader.ts';
import { cleanEnv, launcher } from '../helpers/rqt.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;

test('enqueue prints the id of the new job and nothing else', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'hello#hello', 'yangyi']);
  assert.equal(ran.status, 0);
  assert.equal(ran.stderr, '');
  assert.match(ran.stdout, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/);
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), [ran.stdout.trim()]);
});

test('an id that cannot be printed is told as that of a job that is there: 73', { skip: !existsSync('/dev/full') }, async () => {
  const space = newSpace(redis);
  const file = join(newFolder({ lines: 'a\nb\n' }), 'lines');
  for (const [args, told] of [
    [
      ['hello#hello', '--job-id', 'x'],
      /^rqt: standard output cannot be written: [^\n]*space[^\n]*\nrqt: job x is enqueued, though its id could not be printed \(look: rqt status x\)\n$/,
    ],
    [
      ['hello#hello', '--lines', file],
      /\nrqt: 2 jobs are enqueued, though their ids could not be printed; the first is [^ ]+ \(look: rqt jobs\)\n$/,
    ],
  ] as const) {
    const ran = spawnSync(process.execPath, [launcher, 'enqueue', ...args], {
      env: cleanEnv(space.env),
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    assert.equal(ran.status, 73);
    assert.match(ran.stderr, told);
  }
  assert.equal(await client.llen(space.key('queue:default')), 3);
});

test('a job without flags has exactly the fields that RQ writes, with its defaults', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('hello#hello', 'yangyi');
  const { fields } = await readRqJob(client, space.namespace, id);
  const { created_at, enqueued_at, ...rest } = fields;
  assert.equal(created_at, enqueued_at);
  assert.ok(Math.abs(Date.parse(created_at ?? '') - Date.now()) < 60_000);
  assert.deepEqual(rest, {
    status: 'queued',
    origin: 'default',
    description: "hello#hello('yangyi')",
    timeout: '180',
    started_at: '',
    ended_at: '',
    last_heartbeat: '',
    worker_name: '',
    group_id: '',
    success_callback_name: '',
    failure_callback_name: '',
    stopped_callback_name: '',
  });
});

test('enqueue writes the job, its queue and the set of queues, and no other key', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('hello#hello', '-q', 'mail');
  assert.deepEqual(await space.keys(), [space.key(`job:${id}`), space.key('queue:mail'), space.key('queues')]);
  assert.deepEqual(await client.smembers(space.key('queues')), [space.key('queue:mail')]);
  assert.equal(await client.ttl(space.key(`job:${id}`)), -1);
  await checkRqKeys(client, space.namespace);
});

test('the data of a job inflate to the JSON of task, null, arguments and keywords', async () => {
  const space = newSpace(redis);
  const letter = join(newFolder({ 'letter.txt': 'Dear Ann,\nyours\n' }), 'letter.txt');
  const id = await space.enqueue(
    ...['m#f', 'a', 'x=1', 'n:=[1,2]', ':{"k":null}', `body=@${letter}`, '--', '--not-a-flag', 'x=1'],
  );
  const { call } = await readRqJob(client, space.namespace, id);
  assert.deepEqual(call, [
    'm#f',
    null,
    ['a', { k: null }, '--not-a-flag', 'x=1'],
    { x: '1', n: [1, 2], body: 'Dear Ann,\nyours\n' },
  ]);
});

test('a file may be a positional argument, and hold the JSON of one', async () => {
  const space = newSpace(redis);
  const folder = newFolder({ text: 'plain: Zürich', 'data.json': '{"a": [1, "ü"]}' });
  const id = await space.enqueue('m#f', `@${folder}/text`, `:@${folder}/data.json`, `key:=@${folder}/data.json`);
  const { call } = await readRqJob(client, space.namespace, id);
  assert.deepEqual(call, ['m#f', null, ['plain: Zürich', { a: [1, 'ü'] }], { key: { a: [1, 'ü'] } }]);
});

test('text stays as it was typed', async () => {
  const space = newSpace(redis);
  const words = ['', ' a b ', '-5', 'https://host/?a=b', '5=x', 'Grüße 你好 🎉', '\ufffd', 'it\'s "so"', 'a\nb', '$HOME'];
  const id = await space.enqueue('m#f', ...words);
  const { call } = await readRqJob(client, space.namespace, id);
  assert.deepEqual(call[2], words);
});

test('an argument of 100,000 characters arrives whole', async () => {
  const space = newSpace(redis);
  const long = 'äbcdefghij'.repeat(10_000);
  const id = await space.enqueue('m#f', long);
  const { call } = await readRqJob(client, space.namespace, id);
  assert.equal(call[2][0], long);
});

test('words after -- are plain text, whatever they look like', async () => {
  const space = newSpace(redis);
  const words = ['%x', '@/nope', ':{', 'a=1', '--json', '--'];
  const id = await space.enqueue('m#f', '--', ...words);
  const { call } = await readRqJob(client, space.namespace, id);
  assert.deepEqual([call[2], call[3]], [words, {}]);
});

test('--queue names the queue', async () => {
  const space = newSpace(redis);
  for (const flags of [['-q', 'high'], ['--queue', 'high'], ['--queue=high'], ['-qhigh']]) await space.enqueue('m#f', ...flags);
  assert.equal(await client.llen(space.key('queue:high')), 4);
});

for (const [text, seconds] of [
  ['90', '90'],
  ['90s', '90'],
  ['5m', '300'],
  ['2h', '7200'],
  ['1d', '86400'],
  ['-1', '-1'],
] as const) {
  test(`the timeout ${text} is kept as ${seconds} seconds`, async () => {
    const space = newSpace(redis);
    const id = await space.enqueue('m#f', '--timeout', text);
    const { fields } = await readRqJob(client, space.namespace, id);
    assert.equal(fields.timeout, seconds);
  });
}

test('--result-ttl, --failure-ttl and --ttl are kept in seconds', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f', '--result-ttl', '1h', '--failure-ttl', '2d', '--ttl', '5m');
  const { fields } = await readRqJob(client, space.namespace, id);
  assert.deepEqual([fields.result_ttl, fields.failure_ttl, fields.ttl], ['3600', '172800', '300']);
});

test('results and failures may be kept for ever, or not at all', async () => {
  const space = newSpace(redis);
  const forEver = await readRqJob(client, space.namespace, await space.enqueue('m#f', '--result-ttl=-1', '--failure-ttl=-1'));
  const notAtAll = await readRqJob(client, space.namespace, await space.enqueue('m#f', '--result-ttl=0', '--failure-ttl=0'));
  assert.deepEqual([forEver.fields.result_ttl, forEver.fields.failure_ttl], ['-1', '-1']);
  assert.deepEqual([notAtAll.fields.result_ttl, notAtAll.fields.failure_ttl], ['0', '0']);
});

test('a ttl of none leaves the field out, which RQ could not read empty', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f', '--ttl', '-1');
  assert.equal(await space.field(id, 'ttl'), null);
});

test('a job that waited longer than its ttl is canceled, not run', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('hello#hello', '--ttl', '1s');
  await client.hset(space.key(`job:${id}`), 'rqt_expires', Date.now() - 1);
  await client.zadd(space.key('rqt:expiring'), 0, id);
  assert.equal((await space.run(['worker', '--burst'])).status, 0);
  assert.equal(await space.field(id, 'status'), 'canceled');
  assert.match((await space.run(['status', id])).stdout, /waited longer than its ttl/);
});

test('--description replaces the description', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f', 'a', '--description', 'the nightly näme');
  assert.equal(await space.field(id, 'description'), 'the nightly näme');
});

test('--at-front puts the job before those that wait', async () => {
  const space = newSpace(redis);
  const second = await space.enqueue('m#f');
  const first = await space.enqueue('m#f', '--at-front');
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), [first, second]);
});

test('--job-id gives the job its id', async () => {
  const space = newSpace(redis);
  assert.equal(await space.enqueue('m#f', '--job-id', 'nightly-backup_1'), 'nightly-backup_1');
  await readRqJob(client, space.namespace, 'nightly-backup_1');
});

for (const state of ['queued', 'started', 'deferred', 'scheduled']) {
  test(`--job-id of a ${state} job changes nothing, says its state and ends with 1`, async () => {
    const space = newSpace(redis);
    await space.enqueue('m#f', 'old', '--job-id', 'X');
    await client.hset(space.key('job:X'), 'status', state);
    const before = await client.dumpBuffer(space.key('job:X'));
    const ran = await space.run(['enqueue', 'm#f', 'new', '--job-id', 'X']);
    assert.equal(ran.status, 1);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, new RegExp(`^rqt: job X is still ${state}[^\\n]*\\n$`));
    assert.deepEqual(await client.dumpBuffer(space.key('job:X')), before);
    assert.equal(await client.llen(space.key('queue:default')), 1);
  });
}

for (const [state, registry] of [
  ['finished', 'finished'],
  ['failed', 'failed'],
  ['stopped', 'failed'],
  ['canceled', 'canceled'],
] as const) {
  test(`--job-id of a ${state} job replaces it with all it owned`, async () => {
    const space = newSpace(redis);
    await space.enqueue('m#f', 'old', '--job-id', 'X', '-q', 'other');
    await client.del(space.key('queue:other'));
    await client.hset(space.key('job:X'), 'status', state, 'ended_at', '2026-01-01T00:00:00.000000Z', 'rqt_reason', 'old');
    await client.zadd(space.key(`${registry}:other`), 9e9, 'X');
    await client.xadd(space.key('results:X'), '*', 'type', '2', 'exc_string', '');
    await client.expire(space.key('job:X'), 100);
    const ran = await space.run(['enqueue', 'm#f', 'new', '--job-id', 'X']);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'X\n', '']);
    const { fields, call } = await readRqJob(client, space.namespace, 'X');
    assert.deepEqual([fields.status, fields.origin, fields.ended_at, fields.rqt_reason], ['queued', 'default', '', undefined]);
    assert.deepEqual(call[2], ['new']);
    assert.equal(await client.ttl(space.key('job:X')), -1);
    assert.equal(await client.exists(space.key('results:X'), space.key(`${registry}:other`)), 0);
    assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), ['X']);
  });
}

test('a job that has run once may be enqueued again under its id, and runs again', async () => {
  const space = newSpace(redis);
  for (let round = 1; round <= 2; round += 1) {
    await space.enqueue('hello#hello', 'yangyi', '--job-id', 'again');
    await space.run(['worker', '--burst']);
    assert.equal(await space.field('again', 'status'), 'finished');
    assert.equal(await space.field('again', 'rqt_attempts'), '1');
  }
});

test('--unique succeeds with the id of an unfinished job and changes nothing', async () => {
  const space = newSpace(redis);
  await space.enqueue('m#f', 'old', '--job-id', 'X');
  const before = await client.dumpBuffer(space.key('job:X'));
  const ran = await space.run(['enqueue', 'm#f', 'new', '--job-id', 'X', '--unique']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'X\n', '']);
  assert.deepEqual(await client.dumpBuffer(space.key('job:X')), before);
  assert.equal(await client.llen(space.key('queue:default')), 1);
});

test('--unique alone derives the id from queue, task and arguments', async () => {
  const space = newSpace(redis);
  const call = ['m#f', 'a', 'k:={"x":1,"y":2}', '--unique'];
  const id = await space.enqueue(...call);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(await space.enqueue(...call), id);
  assert.equal(await space.enqueue('m#f', 'k:={"y":2, "x":1}', 'a', '--unique', '--description', 'other', '--timeout', '9'), id);
  assert.equal(await client.llen(space.key('queue:default')), 1);
  const others = [
    await space.enqueue('m#f', 'b', 'k:={"x":1,"y":2}', '--unique'),
    await space.enqueue('m#g', 'a', 'k:={"x":1,"y":2}', '--unique'),
    await space.enqueue(...call, '-q', 'high'),
  ];
  assert.equal(new Set([id, ...others]).size, 4);
});

test('ten crontab lines with --unique at the same moment enqueue one job', async () => {
  const space = newSpace(redis);
  const ran = await Promise.all(Array.from({ length: 10 }, () => space.run(['enqueue', 'm#f', 'a', '--unique'])));
  assert.deepEqual(new Set(ran.map(({ status }) => status)), new Set([0]));
  assert.equal(new Set(ran.map(({ stdout }) => stdout)).size, 1);
  assert.equal(await client.llen(space.key('queue:default')), 1);
});

test('--unique enqueues anew once the job has ended', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('hello#hello', 'a', '--unique');
  await space.run(['worker', '--burst']);
  assert.equal(await space.field(id, 'status'), 'finished');
  assert.equal(await space.enqueue('hello#hello', 'a', '--unique'), id);
  assert.equal(await space.field(id, 'status'), 'queued');
});

test('--quiet prints nothing', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['enqueue', 'm#f', '--quiet']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
  assert.equal(await client.llen(space.key('queue:default')), 1);
});

test('--json prints one document that says what happened', async () => {
  const space = newSpace(redis);
  const args = ['enqueue', 'm#f', '--unique', '--job-id', 'X', '-q', 'high', '--json'];
  const first = JSON.parse((await space.run(args)).stdout);
  const second = JSON.parse((await space.run(args)).stdout);
  const common = { version: 1, kind: 'enqueued', id: 'X', queue: 'high', task: 'm#f' };
  assert.deepEqual(first, { ...common, enqueued: true, state: null });
  assert.deepEqual(second, { ...common, enqueued: false, state: 'queued' });
});

test('flags may stand before, between and behind the arguments', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('--timeout', '9', 'm#f', 'a', '--at-front', 'b', '-q', 'high');
  const { fields, call } = await readRqJob(client, space.namespace, id);
  assert.deepEqual([fields.timeout, fields.origin, call[2]], ['9', 'high', ['a', 'b']]);
});

test('--namespace goes before RQT_NAMESPACE, and may be hash-tagged', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('m#f', '--namespace', `{${space.namespace}}`);
  await readRqJob(client, `{${space.namespace}}`, id);
  assert.deepEqual(await space.keys(), []);
});

test("a dotted Python name is a task, too: RQ's own workers may run it", async () => {
  const space = newSpace(redis);
  const { call } = await readRqJob(client, space.namespace, await space.enqueue('pkg.mod.fn'));
  assert.equal(call[0], 'pkg.mod.fn');
});

test('a child that waits for a failed job is not forgotten when that is enqueued again under its id', async () => {
  const space = newSpace(redis);
  await space.enqueue('hello#workat', '--job-id', 'parent');
  await space.run(['worker', '--burst']);
  assert.equal(await space.field('parent', 'status'), 'failed');
  await space.enqueue('hello#hello', '--job-id', 'child', '-q', 'aside');
  await client.lrem(space.key('queue:aside'), 0, 'child');
  await client.hset(space.key('job:child'), 'status', 'deferred');
  await client.zadd(space.key('deferred:aside'), 1, 'child');
  await client.sadd(space.key('job:parent:dependents'), 'child');
  await client.sadd(space.key('job::child:dependencies'), 'parent');
  await space.enqueue('hello#workat', 'yangyi', '--job-id', 'parent');
  await space.run(['worker', '--burst', 'default', 'aside']);
  assert.equal(await space.field('parent', 'status'), 'finished');
  assert.equal(await space.field('child', 'status'), 'finished');
});

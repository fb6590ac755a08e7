import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;

/** A job as Python's RQ writes it, `ageSeconds` ago. `score`: in its registry; default: now, or the end of its ttl. */
interface Job {
  readonly id: string;
  readonly state: string;
  readonly ageSeconds: number;
  readonly queue?: string;
  readonly task?: string;
  readonly group?: string;
  readonly score?: number | string;
}

const REGISTRY: Readonly<Record<string, string>> = { stopped: 'failed', started: 'wip' };

async function put(
  space: Space,
  { id, state, ageSeconds, queue = 'default', task = 'mail#send', group = '', score }: Job,
): Promise<void> {
  const epoch = Date.now() / 1000 - ageSeconds;
  const at = new Date(epoch * 1000).toISOString();
  await client.sadd(space.key('queues'), space.key(`queue:${queue}`));
  await client.hset(space.key(`job:${id}`), {
    status: state,
    origin: queue,
    created_at: at,
    enqueued_at: at,
    started_at: state === 'queued' ? '' : at,
    ended_at: ['finished', 'failed', 'stopped'].includes(state) ? new Date(epoch * 1000 + 1500).toISOString() : '',
    data: deflateSync(JSON.stringify([task, null, [], {}])),
    description: `${task}()`,
    timeout: 180,
    worker_name: state === 'queued' ? '' : 'w1',
    group_id: group,
  });
  if (group !== '') await client.sadd(space.key(`group:${group}`), id);
  if (state === 'queued') await client.rpush(space.key(`queue:${queue}`), id);
  else {
    const member = state === 'started' ? `${id}:execution` : id;
    const ttl = state === 'finished' || state === 'failed' || state === 'stopped' ? 3600 : 0;
    await client.zadd(space.key(`${REGISTRY[state] ?? state}:${queue}`), score ?? Math.floor(epoch) + ttl, member);
  }
}

async function idsOf(space: Space, ...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await space.run(['jobs', '--json', ...args]);
  assert.equal(status, 0, stderr);
  return linesOf(stdout).map(line => JSON.parse(line).id);
}

/** One job of each state, the first letters of the alphabet from new to old. */
async function oneOfEach(): Promise<Space> {
  const space = newSpace(redis);
  const states = ['scheduled', 'queued', 'started', 'finished', 'failed', 'stopped', 'canceled', 'deferred'];
  for (const [i, state] of states.entries()) {
    const isScheduled = state === 'scheduled';
    const queue = i % 2 === 0 ? 'default' : 'low';
    await put(space, {
      id: 'abcdefgh'.charAt(i),
      state,
      queue,
      ageSeconds: isScheduled ? -600 : 100 * i,
      group: i < 3 ? 'g' : '',
    });
  }
  return space;
}

const SELECTIONS: [what: string, args: string[], ids: string][] = [
  ['all queues and states are merged, newest first', [], 'abcdefgh'],
  ['a queue', ['low'], 'bdfh'],
  ['several queues', ['low', 'default'], 'abcdefgh'],
  ['one state', ['--state', 'failed'], 'e'],
  ['several states, as a list or repeated', ['--state', 'failed,stopped', '--state', 'started'], 'cef'],
  ['a group', ['--group', 'g'], 'abc'],
  ['a group and a state', ['--group', 'g', '--state', 'started'], 'c'],
  ['a group and a queue', ['--group', 'g', 'low'], 'b'],
  ['what came into its state lately; what is due is later than that', ['--since', '350s'], 'abcd'],
  ['a limit', ['--limit', '3'], 'abc'],
  ['a task that none has', ['--task', 'm?il#'], ''],
  ['a task pattern', ['--task', 'm*l#s?nd'], 'abcdefgh'],
];
for (const [what, args, ids] of SELECTIONS) {
  test(`jobs: ${what}`, async () => {
    const space = await oneOfEach();
    assert.deepEqual(await idsOf(space, ...args), ids.split(''));
  });
}

test('a task pattern selects by task, whatever the description', async () => {
  const space = newSpace(redis);
  await put(space, { id: 'a', state: 'queued', ageSeconds: 2, task: 'mail/daily#send' });
  await put(space, { id: 'b', state: 'queued', ageSeconds: 1, task: 'report#make' });
  await client.hset(space.key('job:a'), 'description', 'report#make()');
  assert.deepEqual(await idsOf(space, '--task', 'mail/*'), ['a']);
});

test('the table has a row for each job, and names what is still to come', async () => {
  const space = await oneOfEach();
  const { stdout, stderr } = await space.run(['jobs', '--limit', '7'], { env: { COLUMNS: '100', LC_ALL: 'C' } });
  const lines = linesOf(stdout);
  assert.equal(lines.length, 8);
  assert.match(lines[0] ?? '', /^id +state +queue +task +when +took +worker or due$/);
  assert.match(lines[1] ?? '', /^a +@ scheduled +default +mail#send\(\) +in 9 min +20\d\d-/);
  assert.match(lines[4] ?? '', /^d +\+ finished +low +mail#send\(\) +\d min ago +1\.5 s +w1$/);
  assert.match(stderr, /and more: --limit 70 shows more of them, --json all/);
});

test('a line has every field, null where there is none', async () => {
  const space = await oneOfEach();
  const { stdout } = await space.run(['jobs', '--json', '--state', 'finished']);
  const { at, created_at, enqueued_at, started_at, ended_at, ...rest } = JSON.parse(stdout);
  assert.deepEqual(rest, {
    version: 1,
    kind: 'listed_job',
    id: 'd',
    state: 'finished',
    queue: 'low',
    description: 'mail#send()',
    task: 'mail#send',
    group: null,
    due_at: null,
    duration_seconds: 1.5,
    worker: 'w1',
    attempt_count: 1,
  });
  assert.deepEqual([at, created_at, enqueued_at], [ended_at, started_at, started_at]);
});

test('an id without a job, or with one that is elsewhere, is skipped', async () => {
  const space = newSpace(redis);
  await put(space, { id: 'a', state: 'queued', ageSeconds: 1 });
  await client.rpush(space.key('queue:default'), 'ghost');
  await client.zadd(space.key('finished:default'), '+inf', 'a', '+inf', 'ghost');
  await client.zadd(space.key('failed:default'), -1, 'ghost');
  assert.deepEqual(await idsOf(space), ['a']);
});

test('jobs that are kept for different times, or for ever, are in order of time', async () => {
  const space = newSpace(redis);
  const scores = ['+inf', 1e10, 2e9, '+inf', 3e9];
  for (const [i, score] of scores.entries()) await put(space, { id: `f${i}`, state: 'finished', ageSeconds: 10 + i, score });
  const failureScores = [-1, 1e10, -1, 2e9];
  for (const [i, score] of failureScores.entries())
    await put(space, { id: `x${i}`, state: 'failed', ageSeconds: 10.5 + i, score });
  assert.deepEqual(await idsOf(space), ['f0', 'x0', 'f1', 'x1', 'f2', 'x2', 'f3', 'x3', 'f4']);
});

test('a long queue is listed whole and in order, page by page', async () => {
  const space = newSpace(redis);
  const input = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join('');
  await space.run(['enqueue', 'mail#send', '--lines', '-'], { input });
  const expected = (await client.lrange(space.key('queue:default'), 0, -1)).reverse();
  const got = await idsOf(space);
  // Jobs of one batch have the same time: within a page any order will do.
  assert.equal(got.length, 3000);
  assert.deepEqual([...got].sort(), [...expected].sort());
});

test('the cost depends on the limit, not on the number of jobs', async () => {
  const space = newSpace(redis);
  const input = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join('');
  await space.run(['enqueue', 'mail#send', '--lines', '-'], { input });
  await client.config('RESETSTAT');
  await space.run(['jobs', '--limit', '20']);
  const stats = await client.info('commandstats');
  const count = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  assert.deepEqual([count('hmget'), count('lrange'), count('zrevrange')], [50, 1, 0]);
});

test('--since finds what was put in front of a long old queue', async () => {
  const space = newSpace(redis);
  const now = Date.now() / 1000;
  const pipeline = client.pipeline().sadd(space.key('queues'), space.key('queue:default'));
  for (let i = 0; i < 1000; i++) {
    const at = new Date((now - 7200 + i) * 1000).toISOString();
    pipeline.hset(space.key(`job:old${i}`), { status: 'queued', origin: 'default', enqueued_at: at, created_at: at });
    pipeline.rpush(space.key('queue:default'), `old${i}`);
  }
  await pipeline.exec();
  await space.enqueue('mail#send', '--job-id', 'front', '--at-front');
  await space.enqueue('mail#send', '--job-id', 'back');
  assert.deepEqual(await idsOf(space, '--since', '1m'), ['back', 'front']);
});

const REFUSED: [what: string, args: string[], status: number, says: RegExp][] = [
  [
    'an unknown state',
    ['--state', 'fail'],
    64,
    /--state 'fail' is no state of a job; did you mean failed\? \(all: queued, started, /,
  ],
  ['an unknown queue', ['nope'], 66, /there is no queue 'nope' \(look: rqt info -Q\)/],
  ['an unknown group', ['--group', 'nope'], 66, /there is no group 'nope'/],
  ['a limit of nothing', ['--limit', '0'], 64, /--limit '0' is less than 1/],
  ['a time that is none', ['--since', 'yesterday'], 64, /--since 'yesterday' is not a duration/],
  ['an empty pattern', ['--task', ''], 64, /--task is empty/],
];
for (const [what, args, status, says] of REFUSED) {
  test(`jobs refuses ${what}`, async () => {
    const ran = await newSpace(redis).run(['jobs', ...args]);
    assert.deepEqual([ran.status, ran.stdout], [status, '']);
    assert.match(ran.stderr, says);
  });
}

test('a queue whose name is mistyped is refused with the nearest name that there is', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#fn', '--queue', 'reports');
  const ran = await space.run(['jobs', 'repotrs']);
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  assert.equal(ran.stderr, "rqt: there is no queue 'repotrs'; did you mean reports? (look: rqt info -Q)\n");
});

test('no jobs is 0, nothing on stdout, and said', async () => {
  const ran = await newSpace(redis).run(['jobs']);
  assert.deepEqual([ran.status, ran.stdout], [0, '']);
  assert.match(ran.stderr, /no such jobs/);
});

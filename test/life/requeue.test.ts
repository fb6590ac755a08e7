import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { checkRqKeys } from '../helpers/rq-reader.ts';
import { linesOf } from '../helpers/space.ts';
import { idsOf, type Life, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test('requeue puts a failed job back on its queue, and it runs again', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#failOnce', '-q', 'high');
  await life.burst('high');
  const ran = await life.run(['requeue', id]);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${id} queued on high\n`, '']);
  assert.deepEqual([await life.queued('high'), await life.members('failed', 'high')], [[id], []]);
  assert.equal(await client.ttl(life.key(`job:${id}`)), -1);
  await checkRqKeys(client, life.namespace);
  assert.equal((await life.burst('high')).status, 0);
  assert.equal(await life.state(id), 'finished');
});

for (const [state, registry] of [
  ['finished', 'finished'],
  ['stopped', 'failed'],
  ['canceled', 'canceled'],
] as const) {
  test(`a ${state} job can be requeued, too`, async () => {
    const life = await newLife();
    await life.put(['j']);
    if (state === 'canceled') await life.run(['cancel', 'j']);
    else await endAs(life, 'j', state, registry);
    assert.equal((await life.run(['requeue', 'j'])).status, 0);
    assert.deepEqual([await life.state('j'), await life.queued(), await life.members(registry)], ['queued', ['j'], []]);
    assert.equal(await life.field('j', 'rqt_reason'), null);
  });
}

test('a job that waits or runs is left alone, with 1', async () => {
  const life = await newLife();
  await life.put(['j']);
  for (const state of ['queued', 'started', 'deferred', 'scheduled']) {
    await client.hset(life.key('job:j'), 'status', state);
    const ran = await life.run(['requeue', 'j']);
    assert.deepEqual([ran.status, ran.stdout], [1, '']);
    assert.equal(ran.stderr, `rqt: job j is still ${state}; only a job that has ended can be run again\n`);
  }
  assert.deepEqual(await life.queued(), ['j']);
});

test('an unknown id is 66 and one line', async () => {
  const life = await newLife();
  const ran = await life.run(['requeue', 'nobody']);
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  assert.match(ran.stderr, /^rqt: there is no job nobody[^\n]*\n$/);
});

test('of several ids each is tried, and the status is the worst', async () => {
  const life = await newLife();
  await life.put(['failed1', 'failed2'], {}, 't#fail');
  await life.burst();
  await life.put(['waiting']);
  const ran = await life.run(['requeue', 'failed1', 'nobody', 'waiting', 'failed2']);
  assert.equal(ran.status, 66);
  assert.deepEqual(await life.queued(), ['waiting', 'failed1', 'failed2']);
});

test('with --at-front the jobs come to stand before those that wait, in the order in which they were named', async () => {
  const life = await newLife();
  await life.put(['a', 'b'], {}, 't#fail');
  await life.burst();
  await life.put(['waiting']);
  await life.run(['requeue', 'a', 'b', '--at-front']);
  assert.deepEqual(await life.queued(), ['a', 'b', 'waiting']);
});

test('a retried job that was requeued has no retries left, as in RQ, and its results so far', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#fail', '--retry-max', '1');
  await life.burst();
  await life.run(['requeue', id]);
  await life.burst();
  assert.deepEqual(
    (await life.status(id)).attempts.map(({ outcome }) => outcome),
    ['retried', 'failed', 'failed'],
  );
});

/** Queues a and b with one failed and one stopped job each, of two tasks, and a canceled one; `old` failed an hour ago. */
async function failedLife(): Promise<Life> {
  const life = await newLife();
  await life.put(['a-fail', 'a-old'], { queue: 'a' }, 't#fail');
  await life.put(['b-fail'], { queue: 'b' }, 't#fail');
  await life.put(['b-other'], { queue: 'b' }, 'mail/daily#send');
  await life.put(['canceled'], { queue: 'a' });
  await life.run(['cancel', 'canceled']);
  await life.burst('a', 'b');
  await client.hset(life.key('job:a-old'), 'ended_at', new Date(Date.now() - 3_600_000).toISOString());
  await client.hset(life.key('job:b-fail'), 'status', 'stopped');
  return life;
}

const selections: [flags: string, chosen: string[]][] = [
  ['--all', ['a-fail', 'a-old', 'b-fail', 'b-other']],
  ['--all --queue a', ['a-fail', 'a-old']],
  ['--queue b', ['b-fail', 'b-other']],
  ['-q a -q b', ['a-fail', 'a-old', 'b-fail', 'b-other']],
  ['--failed-since 30m', ['a-fail', 'b-fail', 'b-other']],
  ['--failed-since 30m --queue a', ['a-fail']],
  ['--task mail/*#send', ['b-other']],
  ['--task t#*', ['a-fail', 'a-old', 'b-fail']],
  ['--task t#nothing', []],
];
for (const [flags, chosen] of selections) {
  test(`requeue ${flags} runs ${chosen.length === 0 ? 'nothing' : chosen.join(', ')} again`, async () => {
    const life = await failedLife();
    const dry = await life.run(['requeue', ...flags.split(' '), '--dry-run']);
    const jobs = `${chosen.length} ${chosen.length === 1 ? 'job' : 'jobs'}`;
    const lines = chosen.map(id => `${id} would be run again\n`);
    assert.deepEqual([dry.status, dry.stdout], [0, [...lines, `${jobs} would be run again\n`].join('')]);
    const ran = await life.run(['requeue', ...flags.split(' ')]);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, `${jobs} requeued\n`, '']);
    assert.deepEqual([...(await life.queued('a')), ...(await life.queued('b'))].sort(), chosen);
  });
}

test('--dry-run changes nothing, and judges named jobs as the real thing does', async () => {
  const life = await failedLife();
  await life.put(['waiting']);
  const before = await dumpKeys(client);
  const ran = await life.run(['requeue', 'a-fail', 'waiting', '--dry-run']);
  assert.deepEqual([ran.status, ran.stdout], [1, 'a-fail would be run again\n']);
  assert.equal((await life.run(['requeue', 'nobody', '--dry-run'])).status, 66);
  await life.run(['requeue', '--all', '--dry-run', '--json']);
  assert.deepEqual(await dumpKeys(client), before);
});

test('--json prints one document per job', async () => {
  const life = await failedLife();
  await life.put(['child'], { plan: { dependsOn: ['b-other'], onParentFailure: 'wait' } });
  const named = JSON.parse((await life.run(['requeue', 'a-old', '--json'])).stdout);
  assert.deepEqual(named, { version: 1, kind: 'requeued', id: 'a-old', state: 'queued', queue: 'a', dry_run: false });
  const all = linesOf((await life.run(['requeue', '--all', '--json'])).stdout).map(line => JSON.parse(line));
  assert.deepEqual(all.map(({ id }) => id).sort(), ['a-fail', 'b-fail', 'b-other']);
  assert.deepEqual(new Set(all.map(({ state }) => state)), new Set(['queued']));
});

test('an unknown queue is 66, and nothing is requeued', async () => {
  const life = await failedLife();
  const ran = await life.run(['requeue', '--queue', 'a', '--queue', 'nowhere']);
  assert.equal(ran.status, 66);
  assert.match(ran.stderr, /^rqt: there is no queue '?nowhere'?[^\n]*\n$/);
  assert.deepEqual(await life.queued('a'), []);
});

test('named jobs with --queue, as RQ wants it: those of another queue are left alone, with 1', async () => {
  const life = await newLife();
  await life.put(['a'], { queue: 'a' }, 't#fail');
  await life.put(['b'], { queue: 'b' }, 't#fail');
  await life.burst('a', 'b');
  const ran = await life.run(['requeue', '--queue', 'a', 'a', 'b']);
  assert.deepEqual([ran.status, ran.stdout], [1, 'a queued on a\n']);
  assert.match(ran.stderr, /job b is of queue b; it was left alone/);
  assert.deepEqual(await life.members('failed', 'b'), ['b']);
  assert.equal((await life.run(['requeue', '--queue', 'nope', 'b'])).status, 66);
});

for (const args of [['requeue'], ['requeue', 'j', '--all'], ['requeue', 'j', '--task', 'x#*'], ['requeue', 'a b']]) {
  test(`rqt ${args.join(' ')} is refused with 64 and one line`, async () => {
    const life = await newLife();
    const ran = await life.run(args);
    assert.deepEqual([ran.status, ran.stdout, linesOf(ran.stderr).length], [64, '', 1]);
  });
}

test('2,000 failed jobs are requeued in one go, in bounded steps', async () => {
  const life = await newLife();
  await life.put(idsOf(2000), {}, 't#fail');
  const burst = await life.burst('--quiet');
  assert.equal(burst.status, 1);
  const longest = await longestScript(redis, async () => {
    assert.equal((await life.run(['requeue', '--all'])).stdout, '2000 jobs requeued\n');
  });
  assert.equal(new Set(await life.queued()).size, 2000);
  assert.deepEqual(await life.members('failed'), []);
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

async function endAs(life: Life, id: string, state: string, registry: string): Promise<void> {
  await client.del(life.key('queue:default'));
  await client.hset(life.key(`job:${id}`), 'status', state);
  await client.zadd(life.key(`${registry}:default`), 9e9, id);
  await client.expire(life.key(`job:${id}`), 1000);
}

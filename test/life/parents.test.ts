import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { linesOf, newFolder } from '../helpers/space.ts';
import { idsOf, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test('a job with --depends-on waits, deferred, until its parent has finished, and then runs', async () => {
  const life = await newLife();
  await life.enqueue('t#nothing', '--job-id', 'parent', '-q', 'first');
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent');
  assert.equal((await life.burst()).status, 0);
  assert.equal(await life.state('child'), 'deferred');
  assert.deepEqual(await life.members('deferred'), ['child']);
  assert.deepEqual(await client.smembers(life.key('job:parent:dependents')), ['child']);
  assert.deepEqual(await client.smembers(life.key('job::child:dependencies')), ['parent']);
  await life.burst('first', 'default');
  assert.equal(await life.state('child'), 'finished');
  assert.deepEqual(await life.members('deferred'), []);
});

test('--depends-on may be repeated and take a comma list: all of them are waited for', async () => {
  const life = await newLife();
  await life.put(['a', 'b'], { queue: 'first' });
  await life.put(['c'], { queue: 'last' });
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'a,b', '--depends-on', 'c');
  assert.equal(await life.field('child', 'dependency_ids'), '["a","b","c"]');
  assert.equal(await life.field('child', 'dependency_id'), 'a');
  await life.burst('first', 'default');
  assert.equal(await life.state('child'), 'deferred');
  await life.burst('last', 'default');
  assert.equal(await life.state('child'), 'finished');
});

test('a parent that has finished, and one that is gone, count as met at once', async () => {
  const life = await newLife();
  await life.put(['done']);
  await life.burst();
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'done,never-was');
  assert.equal(await life.state('child'), 'queued');
  assert.deepEqual(await life.queued(), ['child']);
});

for (const ending of ['failed', 'stopped', 'canceled']) {
  test(`a child of a ${ending} parent is canceled at once: the id on stdout, the reason on stderr, status 1`, async () => {
    const life = await newLife();
    await life.put(['parent']);
    await client.hset(life.key('job:parent'), 'status', ending);
    const ran = await life.run(['enqueue', 't#nothing', '--job-id', 'child', '--depends-on', 'parent']);
    assert.deepEqual([ran.status, ran.stdout], [1, 'child\n']);
    assert.match(ran.stderr, /^rqt: job child is canceled at once: its parent parent ended badly[^\n]*\n$/);
    assert.match((await life.status('child')).cancel_reason ?? '', /^its parent parent (failed|was stopped|was canceled)$/);
    assert.deepEqual(await life.members('canceled'), ['child']);
  });
}

test('with --lines, canceled jobs are counted on stderr and the status is 1, too', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await client.hset(life.key('job:parent'), 'status', 'failed');
  const ran = await life.run(['enqueue', 't#echo', '--lines', '-', '--depends-on', 'parent'], { input: 'a\nb\n' });
  assert.deepEqual([ran.status, linesOf(ran.stdout).length], [1, 2]);
  assert.match(ran.stderr, /^rqt: of these jobs 2 are canceled at once[^\n]*\n$/);
});

test('--allow-failure makes a parent that has failed as good as finished', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.burst();
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent', '--allow-failure');
  assert.equal(await life.state('child'), 'queued');
});

test('--on-parent-failure wait defers the child of a parent that has failed', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.burst();
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent', '--on-parent-failure', 'wait');
  assert.equal(await life.state('child'), 'deferred');
});

test('a job that depends on itself is refused with 64', async () => {
  const life = await newLife();
  const ran = await life.run(['enqueue', 't#nothing', '--job-id', 'me', '--depends-on', 'a,me']);
  assert.deepEqual([ran.status, ran.stderr], [64, 'rqt: --depends-on me: a job cannot depend on itself\n']);
  assert.deepEqual(await life.keys(), []);
});

test('a circle through a job that is replaced is refused with 64, and nothing changes', async () => {
  const life = await newLife();
  await life.put(['a']);
  await life.put(['b'], { plan: { dependsOn: ['a'] } });
  await life.put(['c'], { plan: { dependsOn: ['b'] } });
  await life.run(['cancel', 'a']);
  const before = await life.field('a', 'created_at');
  const ran = await life.run(['enqueue', 't#nothing', '--job-id', 'a', '--depends-on', 'c', '--on-parent-failure', 'wait']);
  assert.equal(ran.status, 64);
  assert.match(ran.stderr, /^rqt: job a cannot depend on c: c waits for a\n$/);
  assert.deepEqual([await life.state('a'), await life.field('a', 'created_at')], ['canceled', before]);
});

test('a diamond runs its last job once, after both sides', async () => {
  const life = await newLife();
  const notes = join(newFolder(), 'notes');
  const add = (id: string, ...flags: string[]) => life.enqueue('t#note', notes, id, '--job-id', id, ...flags);
  await add('top');
  await add('left', '--depends-on', 'top');
  await add('right', '--depends-on', 'top');
  await add('bottom', '--depends-on', 'left,right');
  assert.equal((await life.burst()).status, 0);
  const order = linesOf(readFileSync(notes, 'utf8'));
  assert.deepEqual([order[0], order[3], order.length], ['top', 'bottom', 4]);
});

test('a chain of 1,000 jobs runs to its end', async () => {
  const life = await newLife();
  const ids = idsOf(1000);
  for (const [i, id] of ids.entries()) await life.put([id], i === 0 ? {} : { plan: { dependsOn: [`j${i - 1}`] } });
  const longest = await longestScript(redis, () => life.burst('--quiet'));
  assert.equal((await life.members('finished')).length, 1000);
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('10,000 children of one parent are released, in bounded steps', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(idsOf(10_000), { queue: 'fan', plan: { dependsOn: ['parent'] } });
  const longest = await longestScript(redis, () => life.burst());
  assert.equal((await life.queued('fan')).length, 10_000);
  assert.equal(await client.zcard(life.key('deferred:fan')), 0);
  assert.equal(await client.exists(life.key('rqt:releasing'), life.key('job:parent:dependents')), 0);
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('a worker without scheduler releases children all the same', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(idsOf(1000), { plan: { dependsOn: ['parent'] } });
  await life.burst('--no-scheduler', '--quiet');
  assert.equal((await life.members('finished')).length, 1001);
});

test('1,000 parents of one job are waited for, all of them', async () => {
  const life = await newLife();
  const ids = idsOf(1000);
  await life.put(ids);
  await life.put(['child'], { plan: { dependsOn: ids } });
  await life.burst('--quiet', '--max-jobs', '999');
  assert.equal(await life.state('child'), 'deferred');
  await life.burst('--quiet');
  assert.equal(await life.state('child'), 'finished');
});

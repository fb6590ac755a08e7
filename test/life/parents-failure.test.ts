import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { idsOf, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test('when a parent fails, its children are canceled with a reason that names it, and theirs in turn', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.put(['grandchild'], { plan: { dependsOn: ['child'] } });
  assert.equal((await life.burst()).status, 1);
  assert.equal((await life.status('child')).cancel_reason, 'its parent parent failed');
  assert.equal((await life.status('grandchild')).cancel_reason, 'its parent child was canceled');
  assert.deepEqual(await life.members('canceled'), ['child', 'grandchild']);
});

test('canceling a parent cancels its children', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.run(['cancel', 'parent']);
  assert.equal(await life.field('child', 'rqt_reason'), 'its parent parent was canceled');
});

test('stopping a parent cancels its children', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#forever');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  const worker = life.worker('--burst');
  await life.untilState('parent', 'started');
  await life.run(['stop', 'parent']);
  await worker.ended;
  assert.equal(await life.field('child', 'rqt_reason'), 'its parent parent was stopped');
});

test('a parent that will be retried has not failed yet: its child waits, and runs', async () => {
  const life = await newLife();
  await life.put(['parent'], { plan: { retry: { retriesLeft: 1, intervals: [100] } } }, 't#failOnce');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.burst();
  assert.deepEqual([await life.state('parent'), await life.state('child')], ['scheduled', 'deferred']);
  await client.zadd(life.key('scheduled:default'), 1, 'parent');
  await life.burst();
  assert.deepEqual([await life.state('parent'), await life.state('child')], ['finished', 'finished']);
});

test('--on-parent-failure wait: the child waits until the parent has been run again with success', async () => {
  const life = await newLife();
  const file = join(newFolder(), 'now');
  await life.enqueue('t#failUntil', file, '--job-id', 'parent');
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent', '--on-parent-failure', 'wait');
  await life.burst();
  assert.deepEqual([await life.state('parent'), await life.state('child')], ['failed', 'deferred']);
  writeFileSync(file, '');
  await life.run(['requeue', 'parent']);
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('--allow-failure: the child runs after its parent has failed', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent', '--allow-failure');
  assert.equal(await life.state('child'), 'deferred');
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('requeueing the parent defers its canceled children again, and theirs; they then run', async () => {
  const life = await newLife();
  const file = join(newFolder(), 'now');
  await life.enqueue('t#failUntil', file, '--job-id', 'parent');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.put(['grandchild'], { plan: { dependsOn: ['child'] } });
  await life.burst();
  assert.deepEqual(await life.members('canceled'), ['child', 'grandchild']);
  writeFileSync(file, '');
  await life.run(['requeue', 'parent']);
  assert.deepEqual(await life.members('deferred'), ['child', 'grandchild']);
  assert.equal(await life.field('grandchild', 'rqt_reason'), null);
  assert.equal(await client.ttl(life.key('job:child')), -1);
  assert.equal((await life.burst()).status, 0);
  assert.deepEqual(await life.members('finished'), ['child', 'grandchild', 'parent']);
});

for (const when of ['before', 'after'] as const) {
  test(`a child that is scheduled ${when} its parent fails waits for its time, too, when the parent is requeued`, async () => {
    const life = await newLife();
    const file = join(newFolder(), 'now');
    await life.enqueue('t#failUntil', file, '--job-id', 'parent');
    if (when === 'after') await life.burst();
    const plan = { dependsOn: ['parent'], due: { inMs: 3_600_000 } };
    await life.put(['child'], { plan });
    await life.put(['grandchild'], { plan: { dependsOn: ['child'] } });
    const due = await client.zscore(life.key('scheduled:default'), 'child');
    if (when === 'before') await life.burst();
    assert.deepEqual(await life.members('canceled'), ['child', 'grandchild']);
    writeFileSync(file, '');
    await life.run(['requeue', 'parent']);
    await life.burst();
    assert.deepEqual([await life.members('scheduled'), await life.members('deferred')], [['child'], ['grandchild']]);
    assert.deepEqual([await life.state('child'), await client.ttl(life.key('job:child'))], ['scheduled', -1]);
    if (due !== null) assert.equal(await client.zscore(life.key('scheduled:default'), 'child'), due);
    assert.equal(await life.field('child', 'rqt_due'), null);
    await client.zadd(life.key('scheduled:default'), 1, 'child');
    await life.burst();
    assert.deepEqual(await life.members('finished'), ['child', 'grandchild', 'parent']);
  });
}

test('a scheduled child that is canceled because of its parent and requeued itself does not wait for its time', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.put(['child'], { plan: { dependsOn: ['parent'], due: { inMs: 3_600_000 } } });
  await life.burst();
  await life.run(['requeue', 'child', 'parent']);
  assert.deepEqual([await life.state('child'), await life.field('child', 'rqt_due')], ['deferred', null]);
});

test('a parent that is enqueued again under its id takes its canceled children along', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.burst();
  await life.enqueue('t#nothing', '--job-id', 'parent');
  assert.equal(await life.state('child'), 'deferred');
  assert.equal(await client.ttl(life.key('job:parent:dependents')), -1);
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('a child that waits again waits for a parent, too, that was deleted and enqueued anew meanwhile', async () => {
  const life = await newLife();
  const file = join(newFolder(), 'now');
  await life.enqueue('t#failUntil', file, '--job-id', 'a');
  await life.put(['b'], { queue: 'other' });
  await life.put(['child'], { plan: { dependsOn: ['a', 'b'] } });
  await life.burst();
  await life.run(['delete', 'b']);
  await life.put(['b'], { queue: 'other' });
  writeFileSync(file, '');
  await life.run(['requeue', 'a']);
  assert.deepEqual([await life.state('child'), await client.smembers(life.key('job:b:dependents'))], ['deferred', ['child']]);
  await life.burst();
  assert.equal(await life.state('child'), 'deferred');
  await life.burst('other');
  assert.equal(await life.state('child'), 'queued');
});

test('of two parents that failed both must be requeued before the child waits again, and runs', async () => {
  const life = await newLife();
  const file = join(newFolder(), 'now');
  for (const id of ['a', 'b']) await life.enqueue('t#failUntil', file, '--job-id', id);
  await life.put(['child'], { plan: { dependsOn: ['a', 'b'] } });
  await life.burst();
  writeFileSync(file, '');
  await life.run(['requeue', 'a']);
  assert.deepEqual([await life.state('child'), await life.field('child', 'rqt_reason')], ['canceled', 'its parent b failed']);
  await life.run(['requeue', 'b']);
  assert.equal(await life.state('child'), 'deferred');
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('a child that was canceled by a user and requeued waits for its failed parent, and runs after it', async () => {
  const life = await newLife();
  const file = join(newFolder(), 'now');
  await life.enqueue('t#failUntil', file, '--job-id', 'parent');
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.run(['cancel', 'child']);
  await life.burst();
  assert.equal((await life.run(['requeue', 'child'])).stdout, 'child deferred: a parent has not finished\n');
  writeFileSync(file, '');
  await life.run(['requeue', 'parent']);
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('a chain of 1,000 is canceled to its end, in bounded steps', async () => {
  const life = await newLife();
  await life.put(['j0'], { queue: 'first' }, 't#fail');
  for (const [i, id] of idsOf(1000).entries()) if (i > 0) await life.put([id], { plan: { dependsOn: [`j${i - 1}`] } });
  const longest = await longestScript(redis, () => life.burst('first'));
  assert.equal((await life.members('canceled')).length, 999);
  assert.equal(await life.field('j999', 'rqt_reason'), 'its parent j998 was canceled');
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('cancel and requeue judge all children themselves: no worker needs to come by', async () => {
  const life = await newLife();
  await life.enqueue('t#nothing', '--job-id', 'parent', '--schedule-in', '1h');
  await life.put(idsOf(1000), { queue: 'fan', plan: { dependsOn: ['parent'] } });
  await life.run(['cancel', 'parent']);
  assert.deepEqual([await life.members('deferred', 'fan'), (await life.members('canceled', 'fan')).length], [[], 1000]);
  await life.run(['requeue', 'parent']);
  assert.deepEqual([await life.members('canceled', 'fan'), (await life.members('deferred', 'fan')).length], [[], 1000]);
});

test('10,000 children are canceled, and deferred again when their parent is requeued, in bounded steps', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.put(idsOf(10_000), { queue: 'fan', plan: { dependsOn: ['parent'] } });
  const longest = await longestScript(redis, async () => {
    await life.burst();
    assert.equal(await client.zcard(life.key('canceled:fan')), 10_000);
    await life.run(['requeue', 'parent']);
    await life.burst('other');
    assert.equal(await client.zcard(life.key('deferred:fan')), 10_000);
  });
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('a parent that fails and is not kept (--failure-ttl 0) cancels all its children, however many', async () => {
  const life = await newLife();
  await life.enqueue('t#fail', '--job-id', 'parent', '--failure-ttl', '0');
  await life.put(idsOf(500), { plan: { dependsOn: ['parent'] } });
  await life.put(['waits'], { plan: { dependsOn: ['parent'], onParentFailure: 'wait' } });
  await life.burst();
  assert.equal(await life.state('parent'), null);
  assert.equal((await life.members('canceled')).length, 501);
  assert.equal(await life.field('j499', 'rqt_reason'), 'its parent parent failed');
  assert.equal(await life.field('waits', 'rqt_reason'), 'its parent parent failed');
});

test('a parent whose result is not kept (--result-ttl 0) releases all its children, however many', async () => {
  const life = await newLife();
  await life.enqueue('t#nothing', '--job-id', 'parent', '--result-ttl', '0');
  await life.put(idsOf(500), { plan: { dependsOn: ['parent'] } });
  await life.burst('--quiet');
  assert.equal((await life.members('finished')).length, 500);
});

test('a child that is canceled at once and not kept (--failure-ttl 0) leaves nothing, and cancels those of the job that it replaces', async () => {
  const life = await newLife();
  await life.enqueue('t#fail', '--job-id', 'child');
  await life.put(['grandchild'], { plan: { dependsOn: ['child'], onParentFailure: 'wait' } });
  await life.put(['parent'], {}, 't#fail');
  await life.burst();
  assert.deepEqual([await life.state('child'), await life.state('grandchild')], ['failed', 'deferred']);
  await life.run(['enqueue', 't#nothing', '--job-id', 'child', '--failure-ttl', '0', '--depends-on', 'parent', '--group', 'g']);
  assert.deepEqual([await life.state('child'), await life.state('grandchild')], [null, 'canceled']);
  assert.deepEqual(await life.members('canceled'), ['grandchild']);
  assert.equal(await client.exists(life.key('group:g'), life.key('groups')), 0);
});

test('a canceled child that is not kept (--failure-ttl 0) cancels its own children', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.enqueue('t#nothing', '--job-id', 'child', '--failure-ttl', '0', '--depends-on', 'parent');
  await life.put(['grandchild'], { plan: { dependsOn: ['child'] } });
  await life.burst();
  assert.equal(await life.state('child'), null);
  assert.equal(await life.field('grandchild', 'rqt_reason'), 'its parent child was canceled');
});

test('a child that waits for a failed parent is canceled when that is forgotten: nobody could release it any more', async () => {
  const life = await newLife();
  await life.enqueue('t#fail', '--job-id', 'parent', '--failure-ttl', '3');
  await life.enqueue('t#nothing', '--job-id', 'child', '--depends-on', 'parent', '--on-parent-failure', 'wait');
  await life.burst();
  assert.equal(await life.state('child'), 'deferred');
  await until('the parent is forgotten', async () => (await life.state('parent')) === null);
  await life.burst();
  assert.equal((await life.status('child')).cancel_reason, 'its parent parent is gone');
});

test('a new job under the id of a deleted child has nothing to do with that one’s parent', async () => {
  const life = await newLife();
  await life.put(['old'], {}, 't#fail');
  await life.put(['other'], { queue: 'aside' });
  await life.put(['child'], { plan: { dependsOn: ['old'] } });
  await life.run(['delete', 'child']);
  await life.put(['child'], { plan: { dependsOn: ['other'] } });
  await life.burst();
  assert.equal(await life.state('child'), 'deferred');
});

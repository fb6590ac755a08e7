import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { linesOf } from '../helpers/space.ts';
import { idsOf, type Life, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

/** How a job comes to each state. */
const WAYS: Readonly<Record<string, (life: Life) => Promise<unknown>>> = {
  queued: life => life.enqueue('t#nothing', '--job-id', 'j', '--ttl', '1h', '--group', 'g'),
  scheduled: life => life.enqueue('t#nothing', '--job-id', 'j', '--schedule-in', '1h', '--group', 'g'),
  finished: life => ended(life, 't#echo', 'value', '--group', 'g'),
  failed: life => ended(life, 't#fail', '--group', 'g'),
  canceled: async life => {
    await life.enqueue('t#nothing', '--job-id', 'j');
    await life.run(['cancel', 'j']);
  },
  'retried and scheduled': life => ended(life, 't#fail', '--retry-max', '2', '--retry-interval', '1h'),
  'repeated and scheduled': life => ended(life, 't#nothing', '--repeat', '2', '--repeat-interval', '1h', '--result-ttl', '-1'),
  stopped: async life => {
    await life.enqueue('t#forever', '--job-id', 'j');
    const worker = life.worker('--burst');
    await life.untilState('j', 'started');
    await life.run(['stop', 'j']);
    await worker.ended;
  },
};
for (const [state, bring] of Object.entries(WAYS)) {
  test(`a ${state} job is deleted with all it owns`, async () => {
    const life = await newLife();
    await bring(life);
    const ran = await life.run(['delete', 'j']);
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, 'j deleted\n', '']);
    assert.deepEqual(await ownedKeys(life), []);
  });
}

test('a deferred job is deleted with all it owns, and its parent forgets it', async () => {
  const life = await newLife();
  await life.put(['parent'], { queue: 'aside' });
  await life.put(['j'], { plan: { dependsOn: ['parent'], group: 'g' } });
  assert.equal((await life.run(['delete', 'j'])).status, 0);
  assert.deepEqual(await ownedKeys(life), ['job:parent', 'queue:aside']);
});

test('a running job is not deleted: 1 and a way out; it goes on', async () => {
  const life = await newLife();
  await life.put(['j'], {}, 't#forever');
  const worker = life.worker('--burst');
  await life.untilState('j', 'started');
  const ran = await life.run(['delete', 'j']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [1, '', 'rqt: job j runs; stop it first: rqt cancel j\n']);
  assert.equal(await life.state('j'), 'started');
  await life.run(['cancel', 'j']);
  await worker.ended;
  assert.equal((await life.run(['delete', 'j'])).status, 0);
});

test('a job whose worker died and whose lease is over is deleted', async () => {
  const life = await newLife();
  await life.put(['j'], {}, 't#forever');
  const worker = life.worker();
  await life.untilState('j', 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
  const [member = ''] = await life.members('wip');
  await client.zadd(life.key('wip:default'), 1, member);
  assert.equal((await life.run(['delete', 'j'])).status, 0);
  assert.deepEqual(await ownedKeys(life), []);
});

test('children that wait for a deleted job are canceled and counted, theirs in turn, scheduled ones too', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(['a', 'b'], { plan: { dependsOn: ['parent'] } });
  await life.put(['waits'], { plan: { dependsOn: ['parent'], onParentFailure: 'wait' } });
  await life.put(['later'], { plan: { dependsOn: ['parent'], due: { inMs: 3_600_000 } } });
  await life.put(['grandchild'], { plan: { dependsOn: ['a'] } });
  const ran = await life.run(['delete', 'parent']);
  assert.deepEqual([ran.status, ran.stdout], [0, 'parent deleted; 5 jobs that waited for it are canceled\n']);
  for (const id of ['a', 'b', 'waits', 'later'])
    assert.equal(await life.field(id, 'rqt_reason'), 'its parent parent was deleted');
  assert.equal(await life.field('grandchild', 'rqt_reason'), 'its parent a was canceled');
  assert.deepEqual(await life.members('canceled'), ['a', 'b', 'grandchild', 'later', 'waits']);
  assert.equal(await client.exists(life.key('job:parent:dependents')), 0);
});

test('a child that allows failures runs when its parent is deleted, as when that is canceled', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(['child'], { plan: { dependsOn: ['parent'], onParentFailure: 'allow' } });
  assert.equal((await life.run(['delete', 'parent'])).stdout, 'parent deleted\n');
  assert.deepEqual(await life.queued(), ['child']);
});

test('a child of a deleted job can be requeued: a parent that is gone counts as met', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(['child'], { plan: { dependsOn: ['parent'] } });
  await life.run(['delete', 'parent']);
  assert.equal((await life.run(['requeue', 'child'])).stdout, 'child queued on default\n');
});

test('one that waits for another parent, too, when it is requeued leaves no trace of the one that is gone', async () => {
  const life = await newLife();
  await life.put(['gone', 'other']);
  await life.put(['child'], { plan: { dependsOn: ['gone', 'other'] } });
  await life.run(['delete', 'gone']);
  assert.equal((await life.run(['requeue', 'child'])).stdout, 'child deferred: a parent has not finished\n');
  assert.deepEqual(
    (await life.keys()).filter(key => key.includes('gone')),
    [],
  );
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('10,000 children are canceled and counted, in bounded steps', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.put(idsOf(10_000), { plan: { dependsOn: ['parent'] } });
  const longest = await longestScript(redis, async () => {
    const ran = await life.run(['delete', 'parent']);
    assert.equal(ran.stdout, 'parent deleted; 10000 jobs that waited for it are canceled\n');
  });
  assert.equal(await client.zcard(life.key('canceled:default')), 10_000);
  assert.equal(await client.exists(life.key('rqt:releasing'), life.key('job:parent:dependents')), 0);
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('an unknown id is 66 and one line', async () => {
  const life = await newLife();
  const ran = await life.run(['delete', 'nobody']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [66, '', 'rqt: there is no job nobody\n']);
});

test('of several ids each is tried, and the status is the worst', async () => {
  const life = await newLife();
  await life.put(['a', 'b']);
  const ran = await life.run(['delete', 'a', 'nobody', 'b']);
  assert.deepEqual([ran.status, ran.stdout], [66, 'a deleted\nb deleted\n']);
});

test('--json prints one document per id', async () => {
  const life = await newLife();
  await life.put(['a']);
  const ran = await life.run(['delete', 'a', 'nobody', '--json']);
  assert.deepEqual(
    linesOf(ran.stdout).map(line => JSON.parse(line)),
    ['deleted', 'missing'].map((result, i) => ({ version: 1, kind: 'deleted', id: i === 0 ? 'a' : 'nobody', result })),
  );
});

test('an id with other characters is refused with 64', async () => {
  const life = await newLife();
  const ran = await life.run(['delete', 'a', 'b:c']);
  assert.deepEqual([ran.status, linesOf(ran.stderr).length], [64, 1]);
});

async function ended(life: Life, ...args: string[]): Promise<void> {
  await life.enqueue(...args, '--job-id', 'j');
  await life.burst();
}

/** Every key but those of queues, groups' names and workers as such, without the namespace. */
async function ownedKeys(life: Life): Promise<string[]> {
  const start = life.key('').length;
  return (await life.keys()).map(key => key.slice(start)).filter(key => !/^(queues|groups)$|^workers?(:|$)/.test(key));
}

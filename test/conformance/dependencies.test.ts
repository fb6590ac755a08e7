import assert from 'node:assert/strict';
import { newFolder } from '../helpers/space.ts';
import { redisSeconds } from '../life/life.ts';
import { endWarmly, openCases, startBusy } from './rq.ts';

const { rq, redis } = await openCases();
const { client } = redis;

rq('a child is deferred with both sets of names, scored by its time, whatever its ttl', async life => {
  const parent = await life.enqueue('t#nothing');
  const child = await life.enqueue('t#nothing', '--depends-on', parent, '--ttl', '5');
  assert.deepEqual([await life.state(child), await life.queued()], ['deferred', [parent]]);
  assert.deepEqual(await client.smembers(life.key(`job:${parent}:dependents`)), [child]);
  assert.deepEqual(await client.smembers(life.key(`job::${child}:dependencies`)), [parent]);
  assert.equal(await life.field(child, 'dependency_ids'), JSON.stringify([parent]));
  const age = (await redisSeconds(redis)) - Number(await client.zscore(life.key('deferred:default'), child));
  assert.ok(age >= -1 && age < 600, `${age} s`);
});

rq('a child runs after its parent, with the timeout it was given', async life => {
  const parent = await life.enqueue('t#nothing');
  const child = await life.enqueue('t#nothing', '--depends-on', parent, '--timeout', '123');
  await life.burst();
  assert.deepEqual([await life.state(child), await life.field(child, 'timeout')], ['finished', '123']);
  assert.deepEqual([await life.members('deferred'), await life.members('finished')], [[], [child, parent].sort()]);
});

rq('a child of two parents waits for both, on whatever queues they are', async life => {
  const parents = [await life.enqueue('-q', 'a', 't#nothing'), await life.enqueue('-q', 'b', 't#nothing')];
  const child = await life.enqueue('-q', 'c', 't#nothing', '--depends-on', parents.join());
  await life.burst('a', 'c');
  assert.equal(await life.state(child), 'deferred');
  await life.burst('b', 'c');
  assert.equal(await life.state(child), 'finished');
});

rq('parents that have finished, or are gone, count as met', async life => {
  const done = await life.enqueue('t#nothing');
  const gone = await life.enqueue('t#nothing', '--result-ttl', '0');
  await life.burst();
  const child = await life.enqueue('t#nothing', '--depends-on', `${done},${gone}`);
  assert.deepEqual([await life.queued(), await life.members('deferred')], [[child], []]);
});

rq(
  'a failed parent leaves its child deferred for good | here: canceled with a reason, unless --on-parent-failure wait',
  async life => {
    const parent = await life.enqueue('t#fail');
    const canceled = await life.enqueue('t#nothing', '--depends-on', parent);
    const waits = await life.enqueue('t#nothing', '--depends-on', parent, '--on-parent-failure', 'wait');
    await life.burst();
    assert.deepEqual([await life.state(canceled), await life.state(waits)], ['canceled', 'deferred']);
    assert.match((await life.status(canceled)).cancel_reason ?? '', new RegExp(parent));
  },
);

rq('of a failed parent’s children only those that allow failure are run', async life => {
  const parent = await life.enqueue('t#fail');
  const lenient = await life.enqueue('t#nothing', '--depends-on', parent, '--allow-failure');
  const strict = await life.enqueue('t#nothing', '--depends-on', parent, '--on-parent-failure', 'wait');
  assert.equal(await life.field(lenient, 'allow_dependency_failures'), '1');
  await life.burst();
  assert.deepEqual([await life.state(lenient), await life.state(strict)], ['finished', 'deferred']);
});

rq('allow failure waits for all parents, and runs then', async life => {
  const parents = `${await life.enqueue('t#fail')},${await life.enqueue('-q', 'late', 't#nothing')}`;
  const child = await life.enqueue('t#nothing', '--depends-on', parents, '--allow-failure');
  await life.burst();
  assert.equal(await life.state(child), 'deferred');
  await life.burst('late', 'default');
  assert.equal(await life.state(child), 'finished');
});

rq('a child that asks for the front of its queue gets it when it is released', async life => {
  const file = `${newFolder()}/order`;
  const parent = await life.enqueue('-q', 'first', 't#nothing');
  for (const id of ['back', 'front'])
    await life.enqueue('t#note', file, id, '--job-id', id, '--depends-on', parent, ...(id === 'front' ? ['--at-front'] : []));
  await life.burst('first');
  assert.deepEqual(await life.queued(), ['front', 'back']);
});

rq('allow failure holds when a parent is killed', async life => {
  const { id, worker } = await startBusy(life);
  const child = await life.enqueue('t#nothing', '--depends-on', id, '--allow-failure');
  await life.run(['kill', 'w']);
  await life.untilState(child, 'finished');
  assert.equal(await life.state(id), 'failed');
  await endWarmly(worker);
});

rq(
  'a canceled job’s dependents stay deferred | here: they are canceled, too, and theirs; those that allow failure run',
  async life => {
    const parent = await life.enqueue('t#nothing');
    const child = await life.enqueue('t#nothing', '--depends-on', parent);
    const grandchild = await life.enqueue('t#nothing', '--depends-on', child);
    const lenient = await life.enqueue('t#nothing', '--depends-on', parent, '--allow-failure');
    await life.run(['cancel', parent]);
    const states = await Promise.all([child, grandchild, lenient].map(life.state));
    assert.deepEqual(states, ['canceled', 'canceled', 'queued']);
  },
);

rq('a stopped job’s dependents stay deferred | here: they are canceled, unless --on-parent-failure wait', async life => {
  const { id, worker } = await startBusy(life);
  const child = await life.enqueue('t#nothing', '--depends-on', id);
  const waits = await life.enqueue('t#nothing', '--depends-on', id, '--on-parent-failure', 'wait');
  await life.run(['stop', id]);
  assert.deepEqual([await life.state(child), await life.state(waits)], ['canceled', 'deferred']);
  await endWarmly(worker);
});

rq('canceling a child takes it out of its parent’s dependents, and the parent runs without it', async life => {
  const parent = await life.enqueue('t#nothing');
  const child = await life.enqueue('t#nothing', '--depends-on', parent);
  await life.run(['cancel', child]);
  await life.burst();
  assert.deepEqual([await life.state(parent), await life.state(child)], ['finished', 'canceled']);
});

rq('deleting a parent leaves its dependents deferred for ever | here: they are canceled and counted', async life => {
  const parent = await life.enqueue('t#nothing');
  const child = await life.enqueue('t#nothing', '--depends-on', parent);
  await life.run(['delete', parent]);
  assert.deepEqual([await life.state(child), await client.exists(life.key(`job:${parent}:dependents`))], ['canceled', 0]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EnqueueOptions } from '../../src/store/index.ts';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { until } from '../helpers/until.ts';
import { idsOf, type Life, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

const LIMITS = { timeoutMs: 180_000, resultTtlMs: 1000, failureTtlMs: 1000, ttlMs: null };
const QUEUES = ['quick', 'default', 'fan'];

/** Jobs of every kind, about 10,000, all with ttls of a second. */
async function fill(life: Life): Promise<number> {
  let count = 0;
  const put = async (number: number, name: string, task: string, options: Partial<EnqueueOptions> = {}) => {
    await life.put(idsOf(number, name), { queue: 'default', limits: LIMITS, ...options }, task);
    count += number;
  };
  // Those that expire are to wait for longer than their ttl: no worker serves their queue yet.
  await put(600, 'expired', 't#nothing', { queue: 'late', limits: { ...LIMITS, ttlMs: 1000 }, plan: { group: 'expired' } });
  await put(1500, 'finished', 't#nothing');
  await put(500, 'output', 't#talk');
  await put(800, 'failed', 't#fail');
  await put(300, 'vanish', 't#nothing', { limits: { ...LIMITS, resultTtlMs: 0, failureTtlMs: 0 } });
  await put(300, 'vanishbad', 't#fail', { limits: { ...LIMITS, resultTtlMs: 0, failureTtlMs: 0 }, plan: { group: 'vanish' } });
  await put(300, 'retried', 't#failOnce', { plan: { retry: { retriesLeft: 2, intervals: [] } } });
  await put(100, 'retrylater', 't#failOnce', { plan: { retry: { retriesLeft: 1, intervals: [1] } } });
  await put(200, 'repeated', 't#nothing', { plan: { repeat: { repeatsLeft: 1, intervals: [] } } });
  await put(100, 'repeatlater', 't#nothing', { plan: { repeat: { repeatsLeft: 1, intervals: [1] } } });
  await put(300, 'scheduled', 't#nothing', { plan: { due: { inMs: 1000 }, group: 'mixed' } });
  await put(20, 'callback', 't#nothing', { plan: { callbacks: { success: 't#nothing' }, meta: { note: 'x' } } });
  await put(20, 'callbackbad', 't#fail', { plan: { callbacks: { failure: 't#fail' }, group: 'mixed' } });
  for (let i = 0; i < 20; i += 1) await put(20, `group${i}x`, 't#nothing', { plan: { group: `group${i}` } });
  await put(1, 'parent', 't#nothing');
  await put(1500, 'child', 't#nothing', { queue: 'fan', plan: { dependsOn: ['parent0'], group: 'children' } });
  await put(1, 'badparent', 't#fail');
  await put(1500, 'badchild', 't#nothing', { queue: 'fan', plan: { dependsOn: ['badparent0'], group: 'children' } });
  await put(300, 'grandchild', 't#nothing', { queue: 'fan', plan: { dependsOn: ['badchild7'] } });
  await put(300, 'waiting', 't#nothing', { queue: 'fan', plan: { dependsOn: ['badparent0'], onParentFailure: 'wait' } });
  await put(300, 'allowing', 't#nothing', { queue: 'fan', plan: { dependsOn: ['badparent0'], onParentFailure: 'allow' } });
  await put(1, 'vanishparent', 't#nothing', { limits: { ...LIMITS, resultTtlMs: 0 } });
  await put(300, 'orphan', 't#nothing', { queue: 'fan', plan: { dependsOn: ['vanishparent0'] } });
  await put(1, 'stopped', 't#forever', { queue: 'quick', plan: { group: 'mixed' } });
  await put(200, 'canceled', 't#nothing', { queue: 'canceled', plan: { group: 'mixed' } });
  return count;
}

test('of 10,000 jobs of every kind nothing is left when their ttls are over and a worker has looked', async () => {
  const life = await newLife();
  let count = 0;
  const longest = await longestScript(redis, async () => {
    count = await fill(life);
    assert.equal((await life.run(['cancel', ...idsOf(200, 'canceled')])).status, 0);
    const worker = life.worker('-j', '2', '--quiet', '--maintenance-interval', '1s', ...QUEUES, 'late', 'canceled');
    await life.untilState('stopped0', 'started');
    await life.run(['stop', 'stopped0']);
    // A child that comes when its parent has failed already.
    await until('the parent has failed', async () => (await life.state('badparent0')) !== 'queued');
    await life.run(['enqueue', 't#nothing', '--depends-on', 'badparent0', '--failure-ttl', '1', '--group', 'late']);
    await until(
      'only the worker and the names of queues are left',
      async () => (await ownedKeys(life)).length === 0,
      120_000,
    ).catch(async () => assert.deepEqual(await ownedKeys(life), []));
    worker.child.kill('SIGTERM');
    await worker.ended;
  });
  assert.ok(count > 9000, String(count));
  const left = await life.keys();
  assert.deepEqual(
    left.filter(key => !key.startsWith(life.key('worker:'))),
    [life.key('queues')],
  );
  for (const key of left.filter(name => name !== life.key('queues'))) assert.ok((await client.ttl(key)) > 0, key);
  assert.ok(longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

/** Every key but those of living workers and the queues' names. */
async function ownedKeys(life: Life): Promise<string[]> {
  const start = life.key('').length;
  return (await life.keys()).map(key => key.slice(start)).filter(key => !/^queues$|^workers?(:|$)/.test(key));
}

/** Keys of rqt's own names that hold something else: the worker lives on, other jobs go on, and each such key is named once. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { endWorker } from '../helpers/busy.ts';
import { startRedis } from '../helpers/redis.ts';
import { checkWhole } from '../helpers/rq-places.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;
const path = newFolder({
  'some.mjs': `
export const quick = () => { console.log('said'); return 42; };
export const fails = () => { throw new Error('no'); };
export const waits = ms => new Promise(resolve => setTimeout(resolve, Number(ms)));
`,
});

/** Puts something of another type in the place of a key. */
async function spoil(space: Space, rest: string): Promise<void> {
  const key = space.key(rest);
  const others: [string, (client: Redis) => Promise<unknown>][] = [
    ['string', () => client.set(key, 'of somebody else')],
    ['list', () => client.rpush(key, 'of somebody else')],
  ];
  const type = await client.type(key);
  await client.del(key);
  await others.find(([other]) => other !== type)?.[1](client);
}

/** How often a worker has named a key. */
function named(printed: string, key: string): number {
  return linesOf(printed).filter(line => line.includes(`${key} holds something else`)).length;
}

/** Before a burst over a queue with a job `damaged` between healthy ones: how each key may be spoilt, and how that job ends. */
const BEFORE: readonly [rest: string, state: string | null][] = [
  ['job:damaged', null],
  ['results:damaged', 'finished'],
  ['rqt:output:damaged', 'finished'],
  ['executions:damaged', 'finished'],
  ['job:damaged:dependents', 'finished'],
  ['rqt:children:damaged', 'finished'],
  ['finished:default', 'finished'],
  ['failed:default', 'finished'],
  ['deferred:default', 'finished'],
  ['scheduled:default', 'finished'],
  ['canceled:default', 'finished'],
  ['workers', 'finished'],
  ['workers:default', 'finished'],
  ['groups', 'finished'],
  ['rqt:expiring', 'finished'],
  ['rqt:releasing', 'finished'],
  ['rqt:cron', 'finished'],
  ['rqt:runs', 'finished'],
];

describe('a burst, when a key holds something else:', { concurrency: 4 }, () => {
  for (const [rest, state] of BEFORE) {
    test(`${rest}: healthy jobs are done, and it is named once at most`, async () => {
      const space = newSpace(redis);
      for (const id of ['before', 'damaged', 'after'])
        await client.hset(space.key(`job:${id}`), await jobFields(space, 'some#quick'));
      await client.rpush(space.key('queue:default'), 'before', 'damaged', 'after');
      await client.sadd(space.key('queues'), space.key('queue:default'));
      await spoil(space, rest);
      const ran = await space.run(['worker', '--burst', '--path', path]);
      assert.equal(ran.status, 0, ran.stderr);
      assert.equal(await space.field('before', 'status'), 'finished');
      assert.equal(await space.field('after', 'status'), 'finished');
      if (state !== null) assert.equal(await space.field('damaged', 'status'), state);
      assert.ok(named(ran.stderr + ran.stdout, space.key(rest)) <= 1, ran.stderr);
      assert.doesNotMatch(ran.stderr + ran.stdout, /WRONGTYPE| {4}at |user_script/);
      const fixed = await space.run(['fsck', '--fix', '--grace', '0']);
      assert.equal(fixed.status, 0, fixed.stdout);
      const checked = await space.run(['fsck', '--grace', '0']);
      assert.equal(checked.status, 0, checked.stdout);
      await checkWhole(client, space.namespace);
      assert.equal((await client.keys(space.key(`rqt:aside:${rest}`))).length, 1, 'what was there is kept');
    });
  }
});

let fields: Record<string, string | Buffer> | null = null;

/** The hash of a queued job, as rqt writes it. */
async function jobFields(space: Space, task: string): Promise<Record<string, string | Buffer>> {
  if (fields) return fields;
  const id = await space.enqueue(task, '-q', 'elsewhere');
  const hash = (await client.hgetallBuffer(space.key(`job:${id}`))) as Record<string, Buffer>;
  await client.del(space.key(`job:${id}`), space.key('queue:elsewhere'), space.key('queues'));
  fields = { ...hash, origin: 'default' };
  return fields;
}

test('a queue and its leases: it is passed over, others are worked on, and its jobs run when fsck has mended it', async () => {
  for (const rest of ['queue:bad', 'wip:bad']) {
    const space = newSpace(redis);
    const id = await space.enqueue('some#quick', '-q', 'bad');
    const other = await space.enqueue('some#quick', '-q', 'good');
    // fsck takes what has only just come for something on its way.
    await client.hset(space.key(`job:${id}`), 'enqueued_at', '2026-01-01T00:00:00.000000Z');
    await spoil(space, rest);
    const worker = space.start(['worker', '--path', path, 'good', 'bad']);
    await until('the other queue is done', async () => (await space.field(other, 'status')) === 'finished');
    await until('it is told', () => named(worker.printed.stderr + worker.printed.stdout, space.key(rest)) === 1);
    assert.equal(await space.field(id, 'status'), 'queued');
    const fixed = await space.run(['fsck', '--fix', '--grace', '0']);
    assert.equal(fixed.status, 0, fixed.stdout);
    await until('its job is done', async () => (await space.field(id, 'status')) === 'finished');
    await endWorker(worker);
    assert.equal(named(worker.printed.stderr + worker.printed.stdout, space.key(rest)), 1);
  }
});

test('keys that are spoilt while a job runs: it ends, what it left is kept, and the worker goes on', async () => {
  const space = newSpace(redis);
  const worker = space.start(['worker', '--path', path, '--job-monitoring-interval', '2']);
  const long = await space.enqueue('some#waits', '4000', '--job-id', 'long');
  await until('it runs', async () => (await space.field(long, 'status')) === 'started');
  for (const rest of ['wip:default', 'results:long', 'executions:long', 'finished:default', 'rqt:output:long'])
    await spoil(space, rest);
  await until('it has finished', async () => (await space.field(long, 'status')) === 'finished');
  assert.equal(await client.type(space.key('results:long')), 'stream');
  assert.equal(await client.type(space.key('rqt:aside:results:long')), 'string');
  assert.equal((await space.run(['fsck', '--fix', '--grace', '0'])).status, 0);
  const next = await space.enqueue('some#fails');
  await until('the next one has failed', async () => (await space.field(next, 'status')) === 'failed');
  await endWorker(worker);
  assert.equal((await space.run(['fsck', '--grace', '0'])).status, 0);
});

test('a child whose parents cannot be read waits for them, and runs when fsck has mended it', async () => {
  const space = newSpace(redis);
  await space.enqueue('some#quick', '--job-id', 'parent');
  await space.enqueue('some#quick', '--job-id', 'child', '--depends-on', 'parent');
  await spoil(space, 'job::child:dependencies');
  const ran = await space.run(['worker', '--burst', '--path', path]);
  assert.equal(ran.status, 0);
  assert.deepEqual([await space.field('parent', 'status'), await space.field('child', 'status')], ['finished', 'deferred']);
  assert.equal((await space.run(['fsck', '--fix', '--grace', '0'])).status, 0);
  assert.equal((await space.run(['worker', '--burst', '--path', path])).status, 0);
  assert.equal(await space.field('child', 'status'), 'finished');
});

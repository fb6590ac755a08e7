/** What commands say and do when keys of rqt's own names hold something else: one clear line for each, never a stack or Redis's own words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;
const space = newSpace(redis);
const KEYS = [
  ...['queues', 'workers', 'groups', 'queue:default', 'suspended', 'rqt:cron', 'rqt:expiring', 'rqt:releasing', 'group:g'],
  ...['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'].map(name => `${name}:default`),
  ...[
    'job:bad',
    'results:bad',
    'executions:bad',
    'rqt:output:bad',
    'job:bad:dependents',
    'job::bad:dependencies',
    'rqt:children:bad',
  ],
];

const READING: readonly (readonly string[])[] = [
  ['jobs'],
  ['jobs', '--json'],
  ['info'],
  ['info', '--json'],
  ['status', 'bad'],
  ['status', 'bad', '--json'],
  ['logs', 'bad'],
  ['result', 'bad'],
  ['wait', 'bad', '--timeout', '2'],
  ['cron', 'list'],
  ['fsck', '--grace', '0'],
  ['fsck', '--grace', '0', '--json'],
  ['status', '--tree', 'bad'],
];
const WRITING: readonly (readonly string[])[] = [
  ['enqueue', 'm#f'],
  ['enqueue', 'm#f', '--job-id', 'bad'],
  ['enqueue', 'm#f', '--schedule-in', '1h'],
  ['enqueue', 'm#f', '--depends-on', 'bad'],
  ['cancel', 'bad'],
  ['requeue', 'bad'],
  ['requeue', '--all'],
  ['delete', 'bad'],
  ['empty', 'default', '--yes'],
  ['suspend'],
  ['resume'],
  ['cron', 'add', 'x', '@daily', 'm#f'],
];

/** All of KEYS hold a string, where a job is meant to be: all but `but`. */
async function spoilAll(but: string | null): Promise<void> {
  await client.flushall();
  for (const key of KEYS) if (key !== but) await client.rpush(space.key(key), 'of somebody else');
  for (const key of ['queue:default']) {
    await client.del(space.key(key));
    await client.set(space.key(key), 'of somebody else');
  }
  if (but === 'job:bad')
    await client.hset(space.key('job:bad'), {
      status: 'failed',
      origin: 'default',
      data: 'x',
      created_at: '2026-01-01T00:00:00Z',
    });
}

for (const but of [null, 'job:bad'] as const) {
  describe(but === null ? 'all keys are of another type:' : 'all keys but that of the job:', () => {
    for (const args of [...READING, ...WRITING]) {
      test(`rqt ${args.join(' ')}`, async () => {
        await spoilAll(but);
        const before = await dumpKeys(client);
        const { status, stdout, stderr } = await space.run(args);
        assert.doesNotMatch(stdout + stderr, /WRONGTYPE|\n +at |user_script|a bug in rqt|\[object/);
        assert.notEqual(status, 70, stderr);
        for (const line of linesOf(stderr)) assert.match(line, /^(rqt: |\d|no such jobs|there are no cron entries)/);
        if (args.includes('--json')) for (const line of linesOf(stdout)) JSON.parse(line);
        if (READING.includes(args)) assert.deepEqual(await dumpKeys(client), before);
        if (args[0] === 'enqueue') {
          assert.equal(status, 78, stderr);
          assert.match(stderr, /holds something else under t1:\S+ than rqt keeps there/);
          assert.deepEqual(await dumpKeys(client), before);
        }
      });
    }
  });
}

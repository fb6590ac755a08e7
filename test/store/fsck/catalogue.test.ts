/** Every kind of damage that fsck knows, done to a namespace with jobs in every state: found as what it is, mended, and whole after that. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Redis } from 'ioredis';
import { KINDS } from '../../../src/store/fsck/index.ts';
import { claim, takeCallback } from '../../../src/store/index.ts';
import { dumpKeys } from '../../helpers/keyspace.ts';
import { startRedis } from '../../helpers/redis.ts';
import { checkWhole } from '../../helpers/rq-places.ts';
import { openTestDb } from '../../helpers/store.ts';
import { check, fill, put, start } from './stage.ts';

const redis = await startRedis();
const { client } = redis;
beforeEach(async () => void (await client.flushall()));

interface Hand {
  readonly db: Awaited<ReturnType<typeof openTestDb>>;
  readonly client: Redis;
  /** A key of the namespace. */
  readonly k: (rest: string) => string;
  readonly status: (id: string) => Promise<string | null>;
}

interface Damage {
  readonly title: string;
  readonly damage: (hand: Hand) => Promise<unknown>;
  readonly finds: readonly string[];
  /** What is to be seen after the mending; [actual, expected]. */
  readonly after?: (hand: Hand) => Promise<readonly [unknown, unknown]>;
  /** What cannot be mended stays. */
  readonly stays?: boolean;
}

const queued =
  (id: string, queue = 'default') =>
  async ({ client, k, status }: Hand) =>
    [
      [await status(id), (await client.lrange(k(`queue:${queue}`), 0, 0))[0]],
      ['queued', id],
    ] as const;
const became =
  (id: string, expected: string | null) =>
  async ({ status }: Hand) =>
    [await status(id), expected] as const;

const CATALOGUE: readonly Damage[] = [
  {
    title: 'an id on a queue has no job',
    damage: ({ client, k }) => client.rpush(k('queue:default'), 'ghost', 'ghost'),
    finds: ['queue-ghost ghost'],
  },
  {
    title: 'an id is on its queue twice',
    damage: ({ client, k }) => client.rpush(k('queue:default'), 'q1'),
    finds: ['queue-twice q1'],
    after: async ({ client, k }) => [await client.lrange(k('queue:default'), 0, -1), ['q1', 'q2', 'parent']],
  },
  {
    title: 'an id is on a second queue',
    damage: ({ client, k }) => client.rpush(k('queue:other'), 'q1'),
    finds: ['queue-stale q1'],
    after: async ({ client, k }) => [await client.lrange(k('queue:other'), 0, -1), ['q3']],
  },
  {
    title: 'a job is on another queue only',
    damage: async ({ client, k }) => {
      await client.lrem(k('queue:default'), 0, 'q1');
      await client.rpush(k('queue:other'), 'q1');
    },
    // As soon as one is mended, so is the other.
    finds: ['queue-stale q1', 'queued-lost q1'],
    after: queued('q1'),
  },
  {
    title: 'a finished job is on a queue',
    damage: ({ client, k }) => client.rpush(k('queue:default'), 'finished'),
    finds: ['queue-stale finished'],
  },
  {
    title: 'a running job is on its queue, too',
    damage: ({ client, k }) => client.rpush(k('queue:default'), 'running'),
    finds: ['queue-stale running'],
    after: became('running', 'started'),
  },
  {
    title: 'a job was put on its queue without the state',
    damage: ({ client, k }) => client.hset(k('job:q1'), 'status', 'created'),
    finds: ['queue-stale q1'],
    after: queued('q1'),
  },
  {
    title: 'a queued job was lost by BLPOP',
    damage: ({ client, k }) => client.lpop(k('queue:default')),
    finds: ['queued-lost q1'],
    after: queued('q1'),
  },
  {
    title: 'an id is stranded among the intermediate',
    damage: ({ client, k }) => client.lmove(k('queue:default'), k('queue:default:intermediate'), 'LEFT', 'RIGHT'),
    finds: ['queue-stranded q1'],
    after: queued('q1'),
  },
  {
    title: 'a stale intermediate entry stands for a finished job, another for none',
    damage: ({ client, k }) => client.rpush(k('queue:default:intermediate'), 'finished', 'ghost'),
    finds: ['queue-stranded finished', 'queue-stranded ghost'],
    after: became('finished', 'finished'),
  },
  {
    title: 'a started job has lost its lease',
    damage: ({ client, k }) => client.del(k('wip:default'), ...['executions:running']),
    finds: ['execution-torn running', 'started-lost running'],
    after: queued('running'),
  },
  {
    title: 'a started job that may start only once has lost its lease',
    damage: async ({ db, client, k }) => {
      await start(db, 'once', { atMostOnce: true });
      await client.zrem(
        k('wip:default'),
        ...(await client.zrange(k('wip:default'), '0', '-1')).filter(member => member.startsWith('once:')),
      );
    },
    finds: ['execution-torn once', 'started-lost once'],
    after: became('once', 'failed'),
  },
  {
    title: 'a lease has lapsed',
    damage: async ({ client, k }) =>
      client.zadd(k('wip:default'), 1, (await client.zrange(k('wip:default'), '0', '-1'))[0] ?? ''),
    finds: ['lease-lapsed running'],
    after: queued('running'),
  },
  {
    title: "a lease of RQ 1.13 has lapsed, another one's lives",
    damage: async ({ db, client, k }) => {
      for (const [id, until] of [
        ['old1', 1],
        ['old2', 4e9],
      ] as const) {
        await put(db, id, {}, 'old');
        await client.hset(k(`job:${id}`), 'status', 'started');
        await client.zadd(k('wip:old'), until, id);
      }
      await client.del(k('queue:old'));
    },
    finds: ['lease-lapsed old1'],
    after: async hand => {
      const seen = [await hand.status('old1'), await hand.status('old2')];
      await hand.client.zrem(hand.k('wip:old'), 'old2');
      await hand.client.del(hand.k('job:old2'));
      return [seen, ['queued', 'started']];
    },
  },
  {
    title: 'a lease stands for no job',
    damage: ({ client, k }) => client.zadd(k('wip:default'), 4e9, 'ghost:e'),
    finds: ['lease-stale ghost'],
  },
  {
    title: 'a lease stands for a finished job',
    damage: ({ client, k }) => client.zadd(k('wip:default'), 4e9, 'finished:e'),
    finds: ['lease-stale finished'],
  },
  {
    title: 'a job has a second lease that nothing else stands for',
    damage: ({ client, k }) => client.zadd(k('wip:default'), 4e9, 'running:other'),
    finds: ['lease-stale running'],
    after: became('running', 'started'),
  },
  {
    title: 'a job is queued while it runs',
    damage: async ({ client, k }) => {
      await client.hset(k('job:running'), 'status', 'queued');
      await client.rpush(k('queue:default'), 'running');
    },
    finds: ['lease-stale running'],
    after: became('running', 'started'),
  },
  {
    title: 'a live execution has lost its hash',
    damage: async ({ client, k }) => client.del(...(await client.keys(k('execution:running:*')))),
    finds: ['execution-torn running'],
    after: async ({ client, k }) => [(await client.keys(k('execution:running:*'))).length, 1],
  },
  {
    title: 'a live execution has lost its entry',
    damage: ({ client, k }) => client.del(k('executions:running')),
    finds: ['execution-torn running'],
    after: async ({ client, k }) => [await client.zcard(k('executions:running')), 1],
  },
  {
    title: 'an execution is left of a job that has ended',
    damage: async ({ client, k }) => {
      await client.zadd(k('executions:finished'), 4e9, 'e');
      await client.hset(k('execution:finished:f'), 'id', 'f');
    },
    finds: ['execution-torn finished', 'execution-torn finished'],
    after: async ({ client, k }) => [await client.exists(k('executions:finished'), k('execution:finished:f')), 0],
  },
  ...(['finished', 'failed', 'canceled', 'scheduled', 'deferred'] as const).flatMap((registry): Damage[] => [
    {
      title: `an entry of the ${registry} registry has no job`,
      damage: ({ client, k }) => client.zadd(k(`${registry}:default`), 4e9, 'ghost'),
      finds: ['registry-ghost ghost'],
    },
    {
      title: `a queued job is among the ${registry}`,
      damage: ({ client, k }) => client.zadd(k(`${registry}:default`), 4e9, 'q1'),
      finds: ['registry-stale q1'],
      after: queued('q1'),
    },
    {
      title: `a ${registry} job is not in its registry`,
      damage: ({ client, k }) => client.zrem(k(`${registry}:default`), registry === 'deferred' ? 'child' : registry),
      finds: [`registry-lost ${registry === 'deferred' ? 'child' : registry}`],
      after: became(registry === 'deferred' ? 'child' : registry, registry),
    },
  ]),
  {
    title: 'a job that is kept for ever is not in its registry',
    damage: async ({ client, k }) => {
      await client.hset(k('job:kept'), 'result_ttl', -1);
      await client.zrem(k('finished:other'), 'kept');
    },
    finds: ['registry-lost kept'],
    after: async ({ client, k }) => [await client.zscore(k('finished:other'), 'kept'), 'inf'],
  },
  {
    title: 'a finished job without an expiry is in no place',
    damage: ({ client, k }) => client.zrem(k('finished:other'), 'kept'),
    finds: ['registry-lost kept'],
    after: async ({ client, k }) => [(await client.ttl(k('job:kept'))) > 0, true],
  },
  {
    title: 'a job is in the registry of another queue only',
    damage: async ({ client, k }) => {
      await client.zrem(k('failed:default'), 'failed');
      await client.zadd(k('failed:other'), 4e9, 'failed');
    },
    finds: ['registry-lost failed', 'registry-stale failed'],
    after: async ({ client, k }) => [await client.zcard(k('failed:other')), 0],
  },
  {
    title: 'registries were not swept for long, with and without the job',
    damage: ({ client, k }) => client.zadd(k('finished:default'), 1, 'ghost', 1, 'finished'),
    finds: ['registry-unswept finished', 'registry-unswept ghost'],
    after: became('finished', 'finished'),
  },
  {
    title: 'a deferred job waits for a parent that is gone',
    damage: async ({ client, k }) => {
      await client.del(k('job:parent'), k('rqt:children:parent'));
      await client.lrem(k('queue:default'), 0, 'parent');
    },
    finds: ['deferred-stranded child', 'key-orphaned parent'],
    after: became('child', 'canceled'),
  },
  {
    title: "a deferred job of Python's waits for a parent that is gone: RQ counts it as met",
    damage: async ({ client, k }) => {
      await client.hdel(k('job:child'), 'rqt_on_parent_failure');
      await client.del(k('job:parent'), k('rqt:children:parent'), k('job:parent:dependents'));
      await client.lrem(k('queue:default'), 0, 'parent');
    },
    finds: ['deferred-stranded child'],
    after: became('child', 'queued'),
  },
  {
    title: 'a deferred job waits for a parent that has finished without a word',
    damage: ({ client, k }) =>
      client.sadd(k('job::child:dependencies'), 'finished').then(() => client.srem(k('job::child:dependencies'), 'parent')),
    finds: ['deferred-stranded child'],
    after: became('child', 'queued'),
  },
  {
    title: 'a parent has failed without a word to a child that is to end with it',
    damage: ({ client, k }) => client.sadd(k('job::child:dependencies'), 'failed'),
    finds: ['deferred-stranded child'],
    after: became('child', 'canceled'),
  },
  {
    title: 'a parent does not know its child',
    damage: ({ client, k }) => client.del(k('job:parent:dependents')),
    finds: ['deferred-unbound child'],
    after: became('child', 'deferred'),
  },
  {
    title: 'a child does not know its parent',
    damage: ({ client, k }) => client.del(k('job::child:dependencies')),
    finds: ['deferred-unbound child'],
    after: became('child', 'deferred'),
  },
  {
    title: 'an ended parent has not told all its children, and nobody goes on with it',
    damage: async ({ client, k }) => {
      await client.hset(k('rqt:releasing'), 'finished', '0 finished ');
      await client.sadd(k('job:finished:dependents'), 'child');
      await client.sadd(k('job::child:dependencies'), 'finished');
      await client.srem(k('job::child:dependencies'), 'parent');
    },
    finds: ['release-pending finished'],
    after: became('child', 'queued'),
  },
  {
    title: 'keys of jobs that are gone are kept for ever',
    damage: async ({ client, k }) => {
      await client.xadd(k('results:ghost'), '*', 'type', '1');
      await client.xadd(k('rqt:output:ghost'), '*', 't', 'x');
      for (const key of ['rqt:children:ghost', 'job:ghost:dependents', 'job::ghost:dependencies']) await client.sadd(k(key), 'x');
      await client.zadd(k('executions:ghost'), 4e9, 'e');
    },
    finds: ['execution-torn ghost', ...Array.from({ length: 6 }, () => 'key-orphaned ghost')],
    after: async ({ client, k }) => [(await client.keys(k('*ghost*'))).length, 0],
  },
  {
    title: 'ids of due callbacks are of jobs that are gone, or owe none',
    damage: ({ client, k }) => client.lpush(k('rqt:callbacks:default'), 'ghost', 'failed', 'q1'),
    finds: ['callback-stale failed', 'callback-stale ghost', 'callback-stale q1'],
    after: async ({ client, k }) => [await client.lrange(k('rqt:callbacks:default'), 0, -1), ['owing']],
  },
  {
    title: 'a job whose callback is due is listed twice, and with another queue',
    damage: async ({ client, k }) => {
      await client.rpush(k('rqt:callbacks:default'), 'owing');
      await client.rpush(k('rqt:callbacks:other'), 'owing');
    },
    finds: ['callback-stale owing', 'callback-stale owing'],
    after: async ({ client, k }) => [
      [await client.lrange(k('rqt:callbacks:default'), 0, -1), await client.exists(k('rqt:callbacks:other'))],
      [['owing'], 0],
    ],
  },
  {
    title: "a job whose callback is due was requeued by Python's RQ",
    damage: async ({ client, k }) => {
      await client.hset(k('job:owing'), 'status', 'queued');
      await client.zrem(k('failed:default'), 'owing');
      await client.rpush(k('queue:default'), 'owing');
    },
    finds: ['callback-stale owing'],
    after: async ({ client, k }) => [
      [await client.exists(k('rqt:callbacks:default')), await client.hexists(k('job:owing'), 'rqt_callback_due')],
      [0, 0],
    ],
  },
  {
    title: 'jobs whose callback is due are not listed, or with another queue only',
    damage: ({ client, k }) => client.rename(k('rqt:callbacks:default'), k('rqt:callbacks:other')),
    // As soon as one is mended, so is the other.
    finds: ['callback-lost owing', 'callback-stale owing'],
    after: async ({ client, k }) => [
      [await client.lrange(k('rqt:callbacks:default'), 0, -1), await client.exists(k('rqt:callbacks:other'))],
      [['owing'], 0],
    ],
  },
  {
    title: 'a job whose callback is due is listed nowhere',
    damage: ({ client, k }) => client.del(k('rqt:callbacks:default')),
    finds: ['callback-lost owing'],
    after: async ({ client, k }) => [await client.lrange(k('rqt:callbacks:default'), 0, -1), ['owing']],
  },
  {
    title: 'the list of due callbacks is of another type',
    damage: async ({ client, k }) => {
      await client.del(k('rqt:callbacks:default'));
      await client.set(k('rqt:callbacks:default'), 'x');
    },
    // Which jobs owe one shows as soon as it is mended.
    finds: ['wrong-type KEY:rqt:callbacks:default'],
    after: async ({ client, k }) => [await client.lrange(k('rqt:callbacks:default'), 0, -1), ['owing']],
  },
  {
    title: 'a queue with jobs is not listed',
    damage: ({ client, k }) => client.srem(k('queues'), k('queue:other')),
    finds: ['queue-unlisted other'],
  },
  {
    title: 'a registry, and a suspension, are of queues that are not listed',
    damage: async ({ client, k }) => {
      await client.zadd(k('finished:far'), 4e9, 'ghost');
      await client.set(k('rqt:suspended:away'), '1');
    },
    finds: ['queue-unlisted away', 'queue-unlisted far', 'registry-ghost ghost'],
    after: async ({ client, k }) => [await client.sismember(k('queues'), k('queue:away')), 1],
  },
  {
    title: 'members of the list of queues are no keys',
    damage: ({ client, k }) => client.sadd(k('queues'), 'default', 'nowhere'),
    finds: ['queue-misnamed default', 'queue-misnamed nowhere'],
  },
  {
    title: 'workers are named that are gone',
    damage: async ({ client, k }) => {
      await client.sadd(k('workers'), k('worker:ghost'), 'nonsense');
      await client.sadd(k('workers:default'), k('worker:ghost'));
    },
    finds: ['worker-ghost ghost', 'worker-ghost ghost', 'worker-ghost nonsense'],
  },
  {
    title: 'a worker is not named',
    damage: ({ client, k }) => client.srem(k('workers'), k('worker:w')),
    finds: ['worker-unlisted w'],
  },
  {
    title: 'a worker never expires, and another was never registered',
    damage: async ({ client, k }) => {
      await client.persist(k('worker:w'));
      await client.hincrby(k('worker:ghost'), 'failed_job_count', 1);
    },
    finds: ['worker-unlisted ghost', 'worker-unlisted w'],
  },
  {
    title: 'the birth of a worker cannot be read',
    damage: ({ client, k }) => client.hset(k('worker:w'), 'birth', 'x'),
    finds: ['worker-unlisted w'],
    after: async ({ client, k }) => [Number.isNaN(Date.parse((await client.hget(k('worker:w'), 'birth')) ?? '')), false],
  },
  {
    title: 'groups have members that are gone, are empty, or are not named',
    damage: async ({ client, k }) => {
      await client.sadd(k('group:g'), 'ghost');
      await client.sadd(k('groups'), 'empty');
      await client.sadd(k('group:unnamed'), 'q1');
    },
    finds: ['group-stale empty', 'group-stale ghost', 'group-stale unnamed'],
    after: async ({ client, k }) => [(await client.smembers(k('groups'))).sort(), ['g', 'unnamed']],
  },
  {
    title: 'a late heartbeat has left a ghost of a hash',
    damage: ({ client, k }) => client.hset(k('job:ghost'), 'last_heartbeat', '2026-01-01T00:00:00.000000Z'),
    finds: ['job-ghost ghost'],
  },
  {
    title: 'fields cannot be read',
    damage: ({ client, k }) =>
      client.hset(k('job:q1'), {
        created_at: 'yesterday',
        timeout: '1m',
        result_ttl: '500.0',
        enqueue_at_front: 'true',
        retry_intervals: '3',
        started_at: '0',
      }),
    finds: ['job-damaged q1'],
    after: async ({ client, k }) => [
      await client.hmget(k('job:q1'), 'status', 'timeout', 'result_ttl', 'enqueue_at_front', 'retry_intervals', 'started_at'),
      ['queued', '180', '500', '1', null, ''],
    ],
  },
  {
    title: 'a queued job has lost its payload',
    damage: ({ client, k }) => client.hdel(k('job:q1'), 'data'),
    finds: ['job-damaged q1'],
    after: became('q1', 'failed'),
  },
  {
    title: 'a finished job has lost its payload',
    damage: ({ client, k }) => client.hdel(k('job:finished'), 'data'),
    finds: ['job-damaged finished'],
    after: became('finished', 'finished'),
  },
  ...['q1', 'finished', 'running', 'scheduled'].map(
    (id): Damage => ({
      title: `a job (${id}) has lost its state, but its place tells`,
      damage: ({ client, k }) => client.hset(k(`job:${id}`), 'status', 'lost'),
      finds:
        id === 'q1'
          ? ['job-damaged q1']
          : id === 'running'
            ? ['job-damaged running', 'lease-stale running']
            : [`job-damaged ${id}`, `registry-stale ${id}`],
    }),
  ),
  {
    title: 'a job has lost its state and its place',
    damage: async ({ client, k }) => {
      await client.hdel(k('job:q1'), 'status');
      await client.lrem(k('queue:default'), 0, 'q1');
    },
    finds: ['job-damaged q1'],
    after: became('q1', 'failed'),
  },
  {
    title: 'jobs have lost their queue',
    damage: async ({ client, k }) => {
      for (const id of ['q1', 'failed', 'running', 'scheduled']) await client.hdel(k(`job:${id}`), 'origin');
    },
    finds: ['job-damaged failed', 'job-damaged q1', 'job-damaged running', 'job-damaged scheduled'],
    after: async ({ client, k }) => [await client.hget(k('job:q1'), 'origin'), 'default'],
  },
  {
    title: 'keys are of another type',
    damage: async ({ client, k }) => {
      await client.set(k('queue:text'), 'x');
      await client.set(k('finished:text'), 'x');
      await client.set(k('job:text'), 'x');
      await client.set(k('results:q1'), 'x');
      await client.set(k('worker:text'), 'x');
      await client.set(k('execution:q1:text'), 'x');
    },
    finds: ['execution:q1:text', 'finished:text', 'job:text', 'queue:text', 'results:q1', 'worker:text']
      .map(key => `wrong-type KEY:${key}`)
      .concat('queue-unlisted text'),
    after: async ({ client, k }) => [
      await Promise.all(['job:text', 'results:q1', 'queue:text'].map(key => client.get(k(`rqt:aside:${key}`)))),
      ['x', 'x', 'x'],
    ],
  },
  {
    title: 'a key is of another type once more: what was kept of the first time stays',
    damage: async ({ client, k }) => {
      await client.set(k('rqt:aside:results:q1'), 'first');
      await client.set(k('results:q1'), 'second');
    },
    finds: ['wrong-type KEY:results:q1'],
    after: async ({ client, k }) => [
      await client.mget(k('rqt:aside:results:q1'), k('rqt:aside:results:q1:2')),
      ['first', 'second'],
    ],
  },
  {
    title: 'the list of queues, that of workers, and a queue are of another type',
    damage: async ({ client, k }) => {
      for (const key of ['queues', 'workers', 'queue:default']) {
        await client.del(k(key));
        await client.hset(k(key), 'a', 'b');
      }
    },
    // Which jobs are lost shows as soon as it is mended.
    finds: ['queue:default', 'queues', 'workers'].map(key => `wrong-type KEY:${key}`),
    after: async ({ client, k }) => [(await client.lrange(k('queue:default'), 0, -1)).sort(), ['parent', 'q1', 'q2']],
  },
  {
    title: 'the leases of a queue are of another type',
    damage: async ({ client, k }) => {
      await client.del(k('wip:default'));
      await client.xadd(k('wip:default'), '*', 'a', 'b');
    },
    finds: ['wrong-type KEY:wip:default'],
    after: queued('running'),
  },
  {
    title: 'an execution is of another type, and has a lease for a job that is gone',
    damage: async ({ client, k }) => {
      await client.zadd(k('wip:default'), 4e9, 'gone:e');
      await client.set(k('execution:gone:e'), 'x');
    },
    finds: ['lease-stale gone', 'wrong-type KEY:execution:gone:e'],
  },
  {
    title: 'the family of a job is of another type',
    damage: async ({ client, k }) => {
      for (const key of ['job:parent:dependents', 'job::child:dependencies']) {
        await client.del(k(key));
        await client.rpush(k(key), 'x');
      }
    },
    finds: ['wrong-type KEY:job::child:dependencies', 'wrong-type KEY:job:parent:dependents'],
    after: became('child', 'deferred'),
  },
  {
    title: 'an entry of cron is not in the timetable, another is there at a wrong time, a name there has none',
    damage: async ({ client, k }) => {
      const entry = { expression: '0 3 * * *', zone: 'UTC', queue: 'default', data: 'x', fields: '[]', next: '4000000000000' };
      for (const name of ['unlisted', 'late', 'lost']) await client.hset(k(`rqt:cron:${name}`), entry);
      await client.hdel(k('rqt:cron:lost'), 'next');
      await client.zadd(k('rqt:cron'), 4e12 + 1, 'late', 4e12, 'ghost', 4e12, 'lost');
    },
    finds: ['cron-unlisted ghost', 'cron-unlisted late', 'cron-unlisted lost', 'cron-unlisted unlisted'],
    after: async ({ client, k }) => {
      const scores = await Promise.all(['unlisted', 'late', 'ghost'].map(name => client.zscore(k('rqt:cron'), name)));
      return [
        [...scores, (await client.zscore(k('rqt:cron'), 'lost')) === (await client.hget(k('rqt:cron:lost'), 'next'))],
        ['4000000000000', '4000000000000', null, true],
      ];
    },
  },
  {
    title: 'an entry of cron, and the timetable, are of another type',
    damage: async ({ client, k }) => {
      await client.set(k('rqt:cron'), 'x');
      await client.rpush(k('rqt:cron:x'), 'x');
    },
    finds: ['wrong-type KEY:rqt:cron', 'wrong-type KEY:rqt:cron:x'],
  },
  {
    title: 'an entry of cron has lost what it calls',
    damage: async ({ client, k }) => {
      await client.hset(k('rqt:cron:x'), {
        expression: 'whenever',
        zone: 'UTC',
        queue: 'default',
        fields: '{',
        next: '4000000000000',
      });
      await client.zadd(k('rqt:cron'), 4e12, 'x');
    },
    finds: ['cron-damaged x'],
    stays: true,
  },
  {
    title: "rqt's own keys are of another type",
    damage: async ({ client, k }) => {
      for (const key of ['rqt:expiring', 'rqt:runs', 'rqt:live:q1', 'rqt:releasing']) await client.set(k(key), 'x');
      for (const key of ['suspended', 'rqt:once:nightly']) await client.sadd(k(key), 'x');
    },
    finds: ['rqt:expiring', 'rqt:live:q1', 'rqt:once:nightly', 'rqt:releasing', 'rqt:runs', 'suspended'].map(
      key => `wrong-type KEY:${key}`,
    ),
  },
];

for (const { title, damage, finds, after, stays } of CATALOGUE) {
  test(title, async () => {
    const db = await openTestDb(redis);
    const k = (rest: string) => `${db.prefix}:${rest}`;
    const hand: Hand = { db, client, k, status: id => client.hget(k(`job:${id}`), 'status') };
    await fill(db);
    await damage(hand);
    const before = await dumpKeys(client);
    assert.deepEqual((await check(db)).names, finds.map(name => name.replace('KEY:', k(''))).sort());
    assert.deepEqual(await dumpKeys(client), before, 'looking has changed something');
    const fixed = await check(db, { fix: true });
    const left = fixed.found.filter(({ mended }) => mended?.kind !== 'mended');
    const expectedLeft = stays ? finds.length : 0;
    assert.equal(left.length, expectedLeft, JSON.stringify(left));
    if (after) {
      const [actual, expected] = await after(hand);
      assert.deepEqual(actual, expected);
    }
    assert.equal((await check(db)).names.length, expectedLeft);
    await checkWhole(client, db.prefix);
  });
}

test('the catalogue has every kind', () => {
  const found = new Set(CATALOGUE.flatMap(({ finds }) => finds.map(name => name.split(' ')[0])));
  assert.deepEqual(
    Object.keys(KINDS).filter(kind => !found.has(kind)),
    [],
  );
});

test('a namespace with jobs in every state has no finding', async () => {
  const db = await openTestDb(redis);
  await fill(db);
  assert.deepEqual((await check(db)).names, []);
  await checkWhole(client, db.prefix);
});

test('a callback that a worker runs just now is where it should be', async () => {
  const db = await openTestDb(redis);
  await fill(db);
  const taken = await takeCallback(db, { worker: 'w', execution: 'callback', leaseMs: 3_600_000, queues: ['default'] });
  assert.equal(taken?.kind === 'due' && taken.job.id, 'owing');
  const before = await dumpKeys(client);
  assert.deepEqual((await check(db, { fix: true })).names, []);
  assert.deepEqual(await dumpKeys(client), before);

  await client.zadd(`${db.prefix}:wip:default`, 1, 'owing:callback');
  assert.deepEqual((await check(db, { fix: true })).names, ['lease-lapsed owing']);
  assert.deepEqual(await client.lrange(`${db.prefix}:rqt:callbacks:default`, 0, -1), ['owing']);
  assert.deepEqual((await check(db, { fix: true })).names, []);
});

test('a job that runs from the list of another queue than its own is running, and its execution whole', async () => {
  const db = await openTestDb(redis);
  await fill(db);
  await client.lrem(`${db.prefix}:queue:default`, 0, 'q1');
  await client.lpush(`${db.prefix}:queue:other`, 'q1');
  const claimed = await claim(db, { worker: 'w', execution: 'elsewhere', leaseMs: 3_600_000, queues: ['other'] });
  assert.equal(claimed.kind === 'claimed' && claimed.job.id, 'q1');
  const before = await dumpKeys(client);
  assert.deepEqual((await check(db, { fix: true })).names, []);
  assert.deepEqual(await dumpKeys(client), before);

  await client.zadd(`${db.prefix}:wip:other`, 1, 'q1:elsewhere');
  assert.deepEqual((await check(db, { fix: true })).names, ['lease-lapsed q1', 'queue-stale q1']);
  assert.equal(await client.lindex(`${db.prefix}:queue:default`, 0), 'q1');
  assert.deepEqual((await check(db, { fix: true })).names, []);
});

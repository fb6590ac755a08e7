/** A report whose answer got lost on the way is sent again: the second time it must change nothing and be answered the same. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { readConfig } from '../../src/config.ts';
import {
  type ClaimedJob,
  type ClaimRequest,
  claim,
  closeDb,
  keepOutput,
  openStore,
  putBack,
  register,
  renew,
  type Settlement,
  settle,
  unregister,
} from '../../src/store/index.ts';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';

const redis = await startRedis();
const { client } = redis;
const db = await openStore(readConfig({ RQT_REDIS_URL: redis.url }));
after(() => closeDb(db));

const ENTRY = {
  ...{ name: 'w', queues: ['q', 'other'], pid: 1, hostname: 'h', address: '', version: '1', process: null, ttlMs: 480_000 },
};

beforeEach(async () => {
  await client.flushall();
  assert.equal(await register(db, ENTRY), 'registered');
});

test('gap 1: a claim from several queues starts its job in the same step', async () => {
  await put('a', 'other');
  const job = await claimed('e1');
  assert.deepEqual([job.id, job.queue, job.attempt], ['a', 'other', 1]);
  assert.deepEqual(await client.zrange('rq:wip:other', '0', '-1'), ['a:e1']);
  assert.equal(await client.hget('rq:job:a', 'status'), 'started');
  assert.equal(await client.exists('rq:queue:other'), 0);
});

test('a claim under the same execution id is the same claim', async () => {
  await put('a');
  await put('b');
  const first = await claim(db, request('e1'));
  const before = await dumpKeys(client);
  assert.deepEqual(await claim(db, request('e1')), first);
  assert.deepEqual(await dumpKeys(client), before);
});

const ends: [what: string, outcome: Settlement['outcome'], fields: Record<string, string | number>][] = [
  ['finished', 'finished', {}],
  ['finished and is repeated', 'finished', { repeats_left: 1 }],
  ['failed', 'failed', {}],
  ['stopped', 'stopped', {}],
  ['failed and is retried', 'failed', { retries_left: 2 }],
  ['failed and is scheduled', 'failed', { retries_left: 2, retry_intervals: '[60]' }],
  ['finished and is not kept', 'finished', { result_ttl: 0 }],
  ['failed and is not kept', 'failed', { failure_ttl: 0 }],
];

for (const [what, outcome, fields] of ends) {
  test(`the report of a job that has ${what} changes nothing the second time`, async () => {
    await put('a', 'q', fields);
    const job = await claimed('e1');
    const first = await settle(db, report(job, outcome), null);
    assert.notEqual(first.settled.kind, 'lost');
    const before = await dumpKeys(client);
    assert.deepEqual(await settle(db, report(job, outcome), null), first);
    assert.deepEqual(await dumpKeys(client), before);
  });

  test(`a report of a job that has ${what} with a claim of the next one claims one`, async () => {
    await put('a', 'q', fields);
    await put('b');
    await put('c');
    const job = await claimed('e1');
    const first = await settle(db, report(job, outcome), request('e2'));
    assert.equal(first.claim?.kind === 'claimed' && first.claim.job.id, 'b');
    const before = await dumpKeys(client);
    assert.deepEqual(await settle(db, report(job, outcome), request('e2')), first);
    assert.deepEqual(await dumpKeys(client), before);
  });
}

test('gap 8: the report of an execution that lost its lease changes nothing but the worker’s state', async () => {
  await put('a');
  const job = await claimed('e1');
  await client.zrem('rq:wip:q', 'a:e1');
  const before = await jobKeys();
  assert.deepEqual((await settle(db, report(job, 'finished'), null)).settled, { kind: 'lost' });
  assert.deepEqual(await jobKeys(), withoutExecution(before));
});

test('putting a job back changes nothing the second time', async () => {
  await put('a');
  await put('b');
  const job = await claimed('e1');
  assert.equal(await putBack(db, 'w', job), 'queued');
  const before = await dumpKeys(client);
  assert.equal(await putBack(db, 'w', job), 'queued');
  assert.deepEqual(await dumpKeys(client), before);
  assert.deepEqual(await client.lrange('rq:queue:q', 0, -1), ['a', 'b']);
});

test('gap 13: a heartbeat after a delete leaves no ghost', async () => {
  await put('a');
  const job = await claimed('e1');
  await client.del('rq:job:a');
  assert.equal((await beat(job)).kind, 'lost');
  assert.equal(await client.exists('rq:job:a', 'rq:executions:a', 'rq:execution:a:e1', 'rq:wip:q'), 0);
});

for (const how of ['its report', 'that it is put back']) {
  test(`of a job that somebody deletes while it writes nothing is left when ${how} comes before a heartbeat`, async () => {
    await put('a');
    const job = await claimed('e1');
    await keepOutput(db, job, report(job, 'finished').output);
    // As Python's job.delete() does it.
    await client.del('rq:job:a', 'rq:executions:a', 'rq:execution:a:e1', 'rq:wip:q');
    if (how === 'its report') assert.deepEqual((await settle(db, report(job, 'finished'), null)).settled, { kind: 'lost' });
    else assert.equal(await putBack(db, 'w', job), 'lost');
    assert.deepEqual(
      (await client.keys('*')).filter(key => !key.startsWith('rq:worker')),
      [],
    );
  });
}

test('a heartbeat renews the lease and the worker; of a lost one it says so', async () => {
  await put('a');
  const job = await claimed('e1');
  await client.zadd('rq:wip:q', 'XX', 1, 'a:e1');
  assert.equal((await beat(job)).kind, 'held');
  assert.ok(Number(await client.zscore('rq:wip:q', 'a:e1')) > Date.now() / 1000 + 50);
  await client.zrem('rq:wip:q', 'a:e1');
  assert.equal((await beat(job)).kind, 'lost');
  assert.equal(await client.exists('rq:wip:q'), 0);
});

test('unregistering changes nothing the second time but the time of death', async () => {
  await unregister(db, ENTRY);
  const fields = await client.hkeys('rq:worker:w');
  await unregister(db, ENTRY);
  assert.deepEqual(await client.hkeys('rq:worker:w'), fields);
  assert.deepEqual(await client.keys('rq:workers*'), []);
});

async function put(id: string, queue = 'q', fields: Record<string, string | number> = {}): Promise<void> {
  const now = new Date().toISOString();
  const data = deflateSync('["m#f", null, [], {}]');
  await client.hset(`rq:job:${id}`, {
    status: 'queued',
    origin: queue,
    created_at: now,
    enqueued_at: now,
    data,
    timeout: 180,
    ...fields,
  });
  await client.rpush(`rq:queue:${queue}`, id);
}

function request(execution: string): ClaimRequest {
  return { worker: 'w', execution, leaseMs: 60_000, queues: ENTRY.queues };
}

async function claimed(execution: string): Promise<ClaimedJob> {
  const found = await claim(db, request(execution));
  assert.equal(found.kind, 'claimed');
  return (found as Extract<typeof found, { kind: 'claimed' }>).job;
}

function report(job: ClaimedJob, outcome: Settlement['outcome']): Settlement {
  return {
    ...{ job, worker: 'w', outcome, absent: null, again: null, defaultResultTtlMs: 500_000 },
    resultJson: outcome === 'finished' ? '42' : null,
    error: outcome === 'finished' ? null : 'it went wrong',
    output: { chunks: [{ stream: 'stdout', offset: 0, bytes: Buffer.from('said\n') }], dropped: [] },
  };
}

function beat(job: ClaimedJob) {
  return renew(db, { worker: 'w', workerTtlMs: 480_000, leaseMs: 60_000, job });
}

/** All but the worker, which notes that it idles. */
async function jobKeys(): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await dumpKeys(client)).filter(([key]) => !key.startsWith('rq:worker')));
}

/** What stands for an execution goes with it. */
function withoutExecution(dump: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(dump).filter(([key]) => !key.startsWith('rq:execution')));
}

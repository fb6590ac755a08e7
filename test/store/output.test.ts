import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { readConfig } from '../../src/config.ts';
import {
  type ClaimedJob,
  claim,
  closeDb,
  keepOutput,
  type OutputChunk,
  openStore,
  readPieces,
  register,
} from '../../src/store/index.ts';
import { startRedis } from '../helpers/redis.ts';

const redis = await startRedis();
const { client } = redis;
const db = await openStore(readConfig({ RQT_REDIS_URL: redis.url }));
after(() => closeDb(db));

let job: ClaimedJob;
beforeEach(async () => {
  await client.flushall();
  await register(db, {
    name: 'w',
    queues: ['q'],
    pid: 1,
    hostname: 'h',
    address: '',
    version: '1',
    process: null,
    ttlMs: 60_000,
  });
  const data = deflateSync('["m#f", null, [], {}]');
  await client.hset('rq:job:a', { status: 'queued', origin: 'q', data, description: '', timeout: 180 });
  await client.rpush('rq:queue:q', 'a');
  const claimed = await claim(db, { worker: 'w', execution: 'e1', leaseMs: 60_000, queues: ['q'] });
  assert.ok(claimed.kind === 'claimed');
  job = claimed.job;
});

const chunk = (offset: number, text: string): OutputChunk => ({ stream: 'stdout', offset, bytes: Buffer.from(text) });
const texts = async () => (await readPieces(db, 'a')).map(({ cutBefore, bytes }) => [cutBefore, String(bytes)]);

test('what was kept is read again, and what made room is counted where it was', async () => {
  const ids = await keepOutput(db, job, { chunks: [chunk(0, 'one '), chunk(4, 'two '), chunk(8, 'three')], dropped: [] });
  assert.deepEqual(await texts(), [
    [0, 'one '],
    [0, 'two '],
    [0, 'three'],
  ]);
  await keepOutput(db, job, { chunks: [chunk(13, ' four')], dropped: [ids?.[1] ?? ''] });
  assert.deepEqual(await texts(), [
    [0, 'one '],
    [4, 'three'],
    [0, ' four'],
  ]);
});

test('an entry that is replaced by a longer one is read once by a reader who saw both', async () => {
  const first = await keepOutput(db, job, { chunks: [chunk(0, '..')], dropped: [] });
  const pieces = await texts();
  await keepOutput(db, job, { chunks: [chunk(0, '....')], dropped: first ?? [] });
  assert.deepEqual([pieces, await texts()], [[[0, '..']], [[0, '....']]]);
});

test('output whose answer got lost on the way is kept once, and answered the same', async () => {
  await keepOutput(db, job, { chunks: [chunk(0, 'one ')], dropped: [] });
  const output = { chunks: [chunk(4, 'two '), chunk(8, 'three')], dropped: [] };
  const ids = await keepOutput(db, job, output);
  assert.deepEqual(await keepOutput(db, job, output), ids);
  assert.deepEqual(await texts(), [
    [0, 'one '],
    [0, 'two '],
    [0, 'three'],
  ]);
});

test('output of a lost lease is dropped', async () => {
  await client.del('rq:wip:q');
  assert.equal(await keepOutput(db, job, { chunks: [chunk(0, 'late')], dropped: [] }), null);
  assert.deepEqual(await texts(), []);
});

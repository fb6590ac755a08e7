/** What a look costs, counted and not timed: a few commands for each job, in pages, and no command that reads a whole keyspace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { startRedis } from '../../helpers/redis.ts';
import { openTestDb } from '../../helpers/store.ts';
import { check } from './stage.ts';

const redis = await startRedis();
const { client } = redis;
// What is counted grows with it alike; more of them in the long form.
const JOBS = process.env.RQT_FAULTS === 'long' ? 200_000 : 50_000;
const LOST = 50;

const FILL = `
local time = '2026-01-01T00:00:00.000000Z'
for i = tonumber(ARGV[2]), tonumber(ARGV[3]) do
  local state = i % 2 == 0 and 'queued' or 'finished'
  redis.call('HSET', ARGV[1] .. ':job:' .. i, 'status', state, 'origin', 'q', 'created_at', time, 'enqueued_at', time, 'timeout', 180, 'data', ARGV[4])
  if i >= tonumber(ARGV[5]) then
    if state == 'queued' then redis.call('RPUSH', ARGV[1] .. ':queue:q', i) else redis.call('ZADD', ARGV[1] .. ':finished:q', '+inf', i) end
  end
end
redis.call('SADD', ARGV[1] .. ':queues', ARGV[1] .. ':queue:q')
`;

test(`${JOBS} jobs are looked at in a few commands each, and the lost ones of them are found`, async () => {
  const db = await openTestDb(redis);
  const data = deflateSync('["m#f", null, [], {}]');
  for (let from = 0; from < JOBS; from += 10_000) await client.eval(FILL, 0, db.prefix, from, from + 9999, data, LOST);
  await client.config('RESETSTAT');
  const { names } = await check(db);
  assert.equal(names.length, LOST);
  const calls = new Map(
    [...(await client.info('commandstats')).matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, n]) => [name, Number(n)]),
  );
  const sum = [...calls.values()].reduce((all, n) => all + n, 0);
  assert.ok(sum <= 5 * JOBS, `${sum} commands`);
  assert.equal(calls.get('keys'), undefined);
  assert.equal(calls.get('eval') ?? calls.get('evalsha'), undefined);
  for (const name of ['scan', 'lrange', 'zscan']) assert.ok((calls.get(name) ?? 0) <= JOBS / 100, `${name}: ${calls.get(name)}`);
  // A search through a list is dear: only for what is in doubt.
  assert.ok((calls.get('lpos') ?? 0) <= 10 * LOST, `lpos: ${calls.get('lpos')}`);
});

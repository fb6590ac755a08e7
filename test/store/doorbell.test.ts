import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { readConfig } from '../../src/config.ts';
import { closeDb, openDoorbell, openStore } from '../../src/store/index.ts';
import { startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;
const db = await openStore(readConfig({ RQT_REDIS_URL: redis.url }));
const doorbell = openDoorbell(db, ['a', 'b']);
after(() => {
  doorbell.close();
  closeDb(db);
});
beforeEach(() => client.flushall());
const LONG = 60_000;

test('a wait ends when any queue gets an id, and leaves it there', async () => {
  const waited = doorbell.wait(LONG);
  await untilBlocked(2);
  await client.rpush('rq:queue:b', 'x');
  await waited;
  assert.deepEqual(await client.lrange('rq:queue:b', 0, -1), ['x']);
});

test('a wait for a queue that has an id already ends at once', async () => {
  await client.rpush('rq:queue:a', 'x');
  await doorbell.wait(LONG);
});

test('a ring ends a wait', async () => {
  const waited = doorbell.wait(LONG);
  doorbell.ring();
  await waited;
});

test('a ring while nobody waits is not lost', async () => {
  doorbell.ring();
  await doorbell.wait(LONG);
});

test('a wait ends when its time is over', async () => {
  await doorbell.wait(20);
});

test('a wait outlives the loss of its connections', async () => {
  const waited = doorbell.wait(LONG);
  await untilBlocked(2);
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await untilBlocked(2);
  await client.rpush('rq:queue:a', 'x');
  await waited;
});

async function untilBlocked(connections: number): Promise<void> {
  await until(`${connections} connections are blocked`, async () => {
    return (String(await client.client('LIST')).match(/cmd=blmove/g)?.length ?? 0) >= connections;
  });
}

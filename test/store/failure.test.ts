import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitStatusOf } from '../../src/errors.ts';
import { closeDb } from '../../src/store/db.ts';
import { countQueued } from '../../src/store/empty.ts';
import { enqueue } from '../../src/store/enqueue.ts';
import { failureOf } from '../../src/store/failure.ts';
import { startRedis } from '../helpers/redis.ts';
import { openTestDb, PLAIN, someJob } from '../helpers/store.ts';

/** What a user is told when `work` fails, and the exit status. */
async function told(db: Parameters<typeof failureOf>[0], work: Promise<unknown>): Promise<{ status: number; message: string }> {
  const failure = await work.then(
    () => assert.fail('it succeeded'),
    error => failureOf(db, error),
  );
  assert.ok(failure instanceof Error);
  return { status: exitStatusOf(failure), message: failure.message };
}

test('a Redis without memory is 75', async () => {
  const redis = await startRedis('--maxmemory', '1');
  const db = await openTestDb(redis);
  const { status, message } = await told(db, enqueue(db, [someJob('a')], PLAIN));
  assert.equal(status, 75);
  assert.match(message, /has no memory left/);
});

test('a replica is 75', async () => {
  const redis = await startRedis();
  const db = await openTestDb(redis);
  await redis.client.replicaof('127.0.0.1', '1');
  const { status, message } = await told(db, enqueue(db, [someJob('a')], PLAIN));
  assert.equal(status, 75);
  assert.match(message, /is a read-only replica/);
});

test('a key that something else uses is 78', async () => {
  const redis = await startRedis();
  const db = await openTestDb(redis);
  await redis.client.set(`${db.prefix}:queue:default`, 'x');
  for (const work of [enqueue(db, [someJob('a')], PLAIN), countQueued(db, 'default')]) {
    const { status, message } = await told(db, work);
    assert.equal(status, 78);
    assert.match(message, /another program\? see --namespace/);
  }
});

test('a user without permission is 78', async () => {
  const redis = await startRedis();
  const db = await openTestDb(redis);
  await redis.client.call('ACL', 'SETUSER', 'default', '-@all', '+@read', '+@connection');
  const { status, message } = await told(db, enqueue(db, [someJob('a')], PLAIN));
  assert.equal(status, 78);
  assert.match(message, /does not let this user do that/);
});

test('a connection that is lost in the middle is 69, and says that the work may be done', async () => {
  const redis = await startRedis();
  const db = await openTestDb(redis);
  const blocked = told(db, db.client.blpop('nothing', 0));
  await redis.kill('SIGKILL');
  const { status, message } = await blocked;
  assert.equal(status, 69);
  assert.match(message, /was lost .*may have been done or not/);
  closeDb(db);
});

test('a mistake of rqt stays what it is: 70', async () => {
  const db = await openTestDb(await startRedis());
  const mistake = new TypeError('x is undefined');
  assert.equal(failureOf(db, mistake), mistake);
  const { status } = await told(db, db.client.call('SET', 'too', 'many', 'words', 'here'));
  assert.equal(status, 70);
});

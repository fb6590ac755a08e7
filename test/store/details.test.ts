import assert from 'node:assert/strict';
import { test } from 'node:test';
import { details } from '../../src/store/details.ts';
import { enqueue } from '../../src/store/enqueue.ts';
import { startRedis } from '../helpers/redis.ts';
import { openTestDb, PLAIN, someJob } from '../helpers/store.ts';

const redis = await startRedis();

test('no hash is no job', async () => {
  assert.equal(await details(await openTestDb(redis), 'nobody'), null);
});

test('a hash with nothing but a state is shown as far as it goes', async () => {
  const db = await openTestDb(redis);
  await db.client.hset(`${db.prefix}:job:a`, 'status', 'ready_to_enqueue');
  const job = await details(db, 'a');
  assert.deepEqual(job?.life, { state: 'other', name: 'ready_to_enqueue' });
  assert.deepEqual([job?.call, job?.opaque], [null, 'the job has no payload']);
  assert.deepEqual([job?.createdAt, job?.attempts, job?.forgottenInMs], [null, [], null]);
});

test('the position is the number of jobs ahead, and none when the id is not on the list', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a'), someJob('b'), someJob('c')], PLAIN);
  const positionOf = async (id: string) => {
    const life = (await details(db, id))?.life;
    return life?.state === 'queued' ? life.position : undefined;
  };
  assert.deepEqual([await positionOf('a'), await positionOf('c')], [0, 2]);
  await db.client.lrem(`${db.prefix}:queue:default`, 0, 'b');
  assert.equal(await positionOf('b'), null);
});

test('every type of result becomes an attempt, oldest first', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a')], PLAIN);
  for (const type of [4, 4, 3, 2, 5, 1]) await db.client.xadd(`${db.prefix}:results:a`, '*', 'type', type);
  const job = await details(db, 'a');
  assert.deepEqual(
    job?.attempts.map(({ outcome }) => outcome),
    ['retried', 'retried', 'stopped', 'failed', 'out of retries', 'finished'],
  );
});

test('output is put together as bytes, with a line where some were cut', async () => {
  const db = await openTestDb(redis);
  await enqueue(db, [someJob('a')], PLAIN);
  const key = `${db.prefix}:rqt:output:a`;
  const [head, tail] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  const write = (stream: string, offset: number, bytes: string | Buffer) =>
    db.client.xadd(key, '*', 'x', 'e', 's', stream, 'o', offset, 't', bytes);
  await write('1', 0, head);
  await write('2', 0, 'err');
  await write('1', 1, tail);
  await write('1', 72, 'end');
  const job = await details(db, 'a');
  assert.deepEqual(job?.stdout, { text: 'é\n… 70 B were cut here …\nend', cutBytes: 70 });
  assert.deepEqual(job?.stderr, { text: 'err', cutBytes: 0 });
});

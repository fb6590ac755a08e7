import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const path = newFolder({ 'ends.mjs': `export const well = () => { console.log('done'); return 1; };` });
await redis.client.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@read', '+@connection');
const readerUrl = redis.url.replace('unix://', 'unix://reader:secret@');

const space = newSpace(redis);
const done = await space.enqueue('ends#well', '--group', 'g');
await space.run(['worker', '--burst', '--quiet', '--path', path]);
const child = await space.enqueue('ends#well', '--depends-on', await space.enqueue('ends#well', '--group', 'g'));

const READING: [args: string[], status: number][] = [
  [['jobs'], 0],
  [['jobs', '--json', '--task', 'ends#*', '--since', '1h'], 0],
  [['jobs', '--group', 'g'], 0],
  [['result', done], 0],
  [['logs', done], 0],
  [['logs', '-f', done], 0],
  [['wait', done], 0],
  [['wait', child, '--timeout', '0.1s'], 75],
  [['wait', '--group', 'g', '--timeout', '0.1s'], 75],
  [['status', '--tree', child], 0],
  [['fsck'], 0],
];
for (const [args, status] of READING) {
  test(`rqt ${args.join(' ').replaceAll(done, 'DONE').replaceAll(child, 'CHILD')} writes nothing, and needs no right to`, async () => {
    const before = await dumpKeys(redis.client);
    const ran = await space.run(args, { env: { RQT_REDIS_URL: readerUrl } });
    assert.equal(ran.status, status, ran.stderr);
    assert.notEqual(ran.stdout + ran.stderr, '');
    assert.doesNotMatch(ran.stderr, /NOPERM|INFO/);
    assert.deepEqual(await dumpKeys(redis.client), before);
  });
}

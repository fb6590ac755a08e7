import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { launcherWithFailpoints, projectRoot, rqt } from '../helpers/rqt.ts';
import { newSpace } from '../helpers/space.ts';
import { allSteps } from './steps.ts';

const redis = await startRedis();

test('the product refuses to start where a failpoint is asked for', async () => {
  const { status, stderr, stdout } = await rqt(['info'], { env: { RQT_FAILPOINT: 'settle.after' } });
  assert.deepEqual([status, stdout], [78, '']);
  assert.match(stderr, /^rqt: RQT_FAILPOINT .*\n$/);
});

test('no failpoint is in the product, all are in the build for tests', () => {
  const named = allSteps().filter(step => !/(before|after|received)$/.test(step));
  assert.ok(named.length > 10);
  const found = (folder: string) => {
    const text = ['rqt.cjs', 'executor.js'].map(file => readFileSync(join(projectRoot, folder, file), 'latin1')).join();
    return [...named, 'RQT_FAILPOINT_LOG'].filter(step => text.includes(step));
  };
  assert.deepEqual(found('dist'), []);
  assert.deepEqual(found('.build/faults/dist'), [...named, 'RQT_FAILPOINT_LOG']);
});

test('a process dies by SIGKILL at the step that is named, when it comes there for the n-th time', async () => {
  const space = newSpace(redis);
  const enqueue = (RQT_FAILPOINT: string) =>
    space.run(['enqueue', 'hello#hello', 'you'], { env: { RQT_FAILPOINT }, program: launcherWithFailpoints });
  const before = await enqueue('enqueue.before');
  assert.deepEqual([before.signal, before.stdout, await space.keys()], ['SIGKILL', '', []]);
  assert.equal((await enqueue('enqueue.before:2')).status, 0);
  const after = await enqueue('enqueue.after');
  assert.deepEqual([after.signal, after.stdout, await redis.client.llen(space.key('queue:default'))], ['SIGKILL', '', 2]);
});

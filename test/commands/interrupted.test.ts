import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

/** Commands for many jobs, while each answer of Redis takes its time. What is special to one of them: its own file. */
const redis = await startRedis();
const { client } = redis;

async function fill(space: Space, count: number): Promise<string[]> {
  return linesOf((await space.run(['enqueue', 'm#f', '--lines', '-'], { input: 'x\n'.repeat(count) })).stdout);
}

/** Jobs that have failed. */
async function fillFailed(space: Space, count: number): Promise<string[]> {
  const ids = await fill(space, count);
  await client.del(space.key('queue:default'));
  const pipeline = client.pipeline();
  for (const id of ids) {
    pipeline.hset(space.key(`job:${id}`), 'status', 'failed');
    pipeline.zadd(space.key('failed:default'), '+inf', id);
  }
  await pipeline.exec();
  return ids;
}

async function slowly(space: Space, args: readonly string[]) {
  const proxy = await openProxy(redis);
  proxy.delay(50);
  return { running: space.start(args, { env: { RQT_REDIS_URL: proxy.url } }), proxy };
}

const queued = (space: Space) => client.llen(space.key('queue:default'));

for (const [command, line] of [
  ['delete', /^(\S+) deleted$/],
  ['cancel', /^(\S+) canceled$/],
] as const) {
  test(`${command} of many ids that is interrupted has told all that it did, and says how far it came`, async () => {
    const space = newSpace(redis);
    const ids = await fill(space, 500);
    const { running } = await slowly(space, [command, ...ids]);
    await until('some are done', async () => (await queued(space)) <= 490);
    running.child.kill('SIGINT');
    const ran = await running.ended;
    const done = 500 - (await queued(space));
    assert.ok(done >= 10 && done < 500, `${done}`);
    assert.deepEqual(
      linesOf(ran.stdout).map(text => line.exec(text)?.[1]),
      ids.slice(0, done),
    );
    const told = `rqt: interrupted: the first ${done} of 500 ids were seen to, the others were left alone\n`;
    assert.deepEqual([ran.status, ran.stderr], [130, told]);
  });
}

for (const [flags, end] of [
  [[], 'first'],
  [['--at-front'], 'last'],
] as const) {
  test(`requeue ${flags.join(' ')} of many ids says which it came to: the ${end} ones`, async () => {
    const space = newSpace(redis);
    const ids = await fillFailed(space, 500);
    const { running } = await slowly(space, ['requeue', ...flags, ...ids]);
    await until('some are done', async () => (await queued(space)) >= 10);
    running.child.kill('SIGTERM');
    const ran = await running.ended;
    const done = await queued(space);
    const told = `rqt: interrupted: the ${end} ${done} of 500 ids were seen to, the others were left alone\n`;
    assert.deepEqual([ran.status, ran.stderr, linesOf(ran.stdout).length], [143, told, done]);
    const expected = end === 'first' ? ids.slice(0, done) : ids.slice(-done);
    assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), expected);
  });
}

for (const json of [false, true]) {
  test(`requeue --all ${json ? '--json ' : ''}that is interrupted tells all that it did, and how many were looked at`, async () => {
    const space = newSpace(redis);
    await fillFailed(space, 20_000);
    const { running } = await slowly(space, ['requeue', '--all', ...(json ? ['--json'] : [])]);
    await until('some are done', async () => (await queued(space)) > 0);
    running.child.kill('SIGHUP');
    const ran = await running.ended;
    const done = await queued(space);
    assert.ok(done < 20_000, `${done}`);
    const lines = linesOf(ran.stdout);
    if (json) assert.equal(new Set(lines.map(text => JSON.parse(text).id)).size, done);
    else assert.deepEqual(lines, [`${done} jobs requeued`]);
    const told = `rqt: interrupted: ${done} jobs requeued; ${done} of 20000 failed jobs were looked at, the others were left alone\n`;
    assert.deepEqual([ran.status, ran.stderr], [129, told]);
  });
}

test('a lost connection: requeue --all and delete say how far they came', async () => {
  const space = newSpace(redis);
  const ids = await fillFailed(space, 2000);
  const all = await slowly(space, ['requeue', '--all']);
  await until('some are done', async () => (await queued(space)) > 0);
  await all.proxy.cutReply(0);
  const requeued = await all.running.ended;
  assert.match(requeued.stderr, /was lost .*: \d+ jobs requeued, some more may have been \(the same command goes on\)\n$/);
  assert.equal(requeued.status, 69);

  const some = await slowly(space, ['delete', ...ids.slice(0, 100)]);
  await until('some are done', () => linesOf(some.running.printed.stdout).length > 2);
  await some.proxy.cutReply(0);
  const deleted = await some.running.ended;
  const done = linesOf(deleted.stdout).length;
  const told = `the first ${done} of 100 ids were seen to; what was asked for job ${ids[done]} may have been done or not\n`;
  assert.deepEqual([deleted.status, deleted.stderr.endsWith(`: ${told}`)], [69, true], deleted.stderr);
});

test('what a command changes it finishes, though its reader goes away', async () => {
  const space = newSpace(redis);
  const ids = await fillFailed(space, 300);
  const requeue = space.start(['requeue', ...ids]);
  requeue.child.stdout?.once('data', () => requeue.child.stdout?.destroy());
  await requeue.ended;
  assert.equal(await queued(space), 300);
  const remove = space.start(['delete', ...ids]);
  remove.child.stdout?.once('data', () => remove.child.stdout?.destroy());
  await remove.ended;
  assert.equal(await queued(space), 0);
});

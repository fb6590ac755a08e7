import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestScript, MOST_COMMANDS } from '../helpers/longest-script.ts';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;

async function fill(space: Space, queue: string, count: number): Promise<string[]> {
  return linesOf((await space.run(['enqueue', 'm#f', '-q', queue, '--lines', '-'], { input: 'x\n'.repeat(count) })).stdout);
}

/** A job that waits for a parent, as Python's RQ writes it. */
async function defer(space: Space, child: string, parent: string): Promise<void> {
  const queue = (await space.field(child, 'origin')) ?? '';
  await client.lrem(space.key(`queue:${queue}`), 0, child);
  await client.hset(
    space.key(`job:${child}`),
    'status',
    'deferred',
    'dependency_ids',
    JSON.stringify([parent]),
    'dependency_id',
    parent,
  );
  await client.zadd(space.key(`deferred:${queue}`), 1, child);
  await client.sadd(space.key(`job:${parent}:dependents`), child);
  await client.sadd(space.key(`job::${child}:dependencies`), parent);
}

test("empty removes a queue's jobs and prints RQ's sentence", async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 3);
  const ran = await space.run(['empty', 'bulk']);
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '3 jobs removed from bulk queue\n', '']);
});

test('nothing that the removed jobs owned is left', async () => {
  const space = newSpace(redis);
  const [id = ''] = await fill(space, 'bulk', 3);
  await client.xadd(space.key(`results:${id}`), '*', 'type', '4');
  await client.xadd(space.key(`rqt:output:${id}`), '*', 's', '1', 't', 'x');
  await client.sadd(space.key(`job::${id}:dependencies`), 'gone');
  await space.enqueue('m#f', '-q', 'bulk', '--ttl', '1h');
  await space.run(['empty', 'bulk']);
  assert.deepEqual(await space.keys(), [space.key('queues')]);
});

test('other queues, and jobs of the queue that do not wait on it, stay', async () => {
  const space = newSpace(redis);
  const other = await space.enqueue('m#f', '-q', 'other');
  const done = await space.enqueue('hello#hello', '-q', 'bulk');
  await space.run(['worker', '--burst', 'bulk']);
  await fill(space, 'bulk', 2);
  await space.run(['empty', 'bulk']);
  assert.deepEqual(await client.lrange(space.key('queue:other'), 0, -1), [other]);
  assert.equal(await space.field(done, 'status'), 'finished');
});

test('several queues are emptied as they were named, each once', async () => {
  const space = newSpace(redis);
  await fill(space, 'a', 2);
  await fill(space, 'b', 3);
  const ran = await space.run(['empty', 'b', 'a', 'b']);
  assert.deepEqual(linesOf(ran.stdout), ['3 jobs removed from b queue', '2 jobs removed from a queue']);
  assert.equal(ran.status, 0);
});

test('a queue that there is not is 66 with the nearest that there is, and nothing is emptied', async () => {
  const space = newSpace(redis);
  await fill(space, 'reports', 2);
  const ran = await space.run(['empty', 'reports', 'report']);
  assert.equal(ran.stderr, "rqt: there is no queue 'report'; did you mean reports? (look: rqt info -Q)\n");
  assert.deepEqual([ran.status, ran.stdout], [66, '']);
  const info = await space.run(['info', 'nope']);
  assert.deepEqual([info.status, info.stdout], [66, '']);
});

test('--all empties every queue', async () => {
  const space = newSpace(redis);
  await fill(space, 'a', 2);
  await fill(space, 'b', 3);
  for (const flag of ['--all', '-a']) {
    const ran = await space.run(['empty', flag]);
    assert.equal(ran.status, 0);
    assert.equal(linesOf(ran.stdout).length, 2);
  }
  assert.deepEqual(await space.keys(), [space.key('queues')]);
});

test('--all on a Redis without queues says so', async () => {
  const ran = await newSpace(redis).run(['empty', '--all']);
  assert.deepEqual([ran.status, ran.stdout], [0, 'there are no queues\n']);
});

test('--dry-run says how many and removes nothing', async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 3);
  const before = await space.keys();
  const ran = await space.run(['empty', '--dry-run', 'bulk']);
  assert.deepEqual([ran.status, ran.stdout], [0, '3 jobs would be removed from bulk queue\n']);
  assert.deepEqual(await space.keys(), before);
});

test('jobs that are deferred on the removed ones are canceled and counted, and theirs in turn', async () => {
  const space = newSpace(redis);
  const [parent = ''] = await fill(space, 'bulk', 2);
  const child = await space.enqueue('m#f', '-q', 'later', '--depends-on', parent);
  const grandchild = await space.enqueue('m#f', '-q', 'later', '--depends-on', child);
  const ran = await space.run(['empty', 'bulk']);
  assert.deepEqual([ran.status, ran.stdout], [0, '2 jobs removed from bulk queue, 2 deferred on them canceled\n']);
  for (const id of [child, grandchild]) {
    assert.equal(await space.field(id, 'status'), 'canceled');
    assert.ok((await client.ttl(space.key(`job:${id}`))) > 0, 'a canceled job is forgotten in time');
  }
  assert.equal(await client.exists(space.key('deferred:later')), 0);
  assert.equal(await client.zcard(space.key('canceled:later')), 2);
  assert.match((await space.run(['status', child])).stdout, /its parent was removed when queue bulk was emptied/);
});

test('a child that Python deferred on a removed job is canceled, too', async () => {
  const space = newSpace(redis);
  const [parent = ''] = await fill(space, 'bulk', 1);
  const child = await space.enqueue('m#f', '-q', 'later');
  await defer(space, child, parent);
  const ran = await space.run(['empty', 'bulk']);
  assert.match(ran.stdout, /^1 jobs? removed from bulk queue, 1 deferred on them canceled\n$/);
  assert.equal(await space.field(child, 'status'), 'canceled');
});

test('ids on the list that have no job are dropped and not counted', async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 1);
  await client.rpush(space.key('queue:bulk'), 'ghost', 'ghost2');
  assert.match((await space.run(['empty', 'bulk'])).stdout, /^1 jobs? removed/);
  assert.equal(await client.exists(space.key('queue:bulk')), 0);
});

test('--json prints one document per queue', async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 2);
  const read = async (...flags: string[]) => JSON.parse((await space.run(['empty', 'bulk', '--json', ...flags])).stdout);
  const common = { version: 1, kind: 'emptied', queue: 'bulk', removed: 2, canceled: 0 };
  assert.deepEqual(await read('--dry-run'), { ...common, dry_run: true });
  assert.deepEqual(await read(), { ...common, dry_run: false });
});

test('20,000 jobs are removed in bounded steps, none of which keeps Redis busy for long', async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 20_000);
  const longest = await longestScript(redis, async () => {
    const ran = await space.run(['empty', 'bulk']);
    assert.deepEqual([ran.status, ran.stdout], [0, '20000 jobs removed from bulk queue\n']);
  });
  assert.deepEqual(await space.keys(), [space.key('queues')]);
  assert.ok(longest > 0 && longest < MOST_COMMANDS, `a script ran ${longest} commands`);
});

test('a queue that is being filled meanwhile does not keep empty going', async () => {
  const space = newSpace(redis);
  await fill(space, 'bulk', 3000);
  let filling = true;
  const filler = (async () => {
    while (filling) await client.rpush(space.key('queue:bulk'), ...Array.from({ length: 500 }, () => 'ghost'));
  })();
  const ran = await space.run(['empty', 'bulk']);
  filling = false;
  await filler;
  assert.equal(ran.status, 0);
});

/** A queue `bulk` of 20,000 jobs, and a way to Redis on which each answer takes its time. */
async function fillSlowly(space: Space) {
  await fill(space, 'bulk', 20_000);
  const proxy = await openProxy(redis);
  proxy.delay(50);
  return { proxy, env: { RQT_REDIS_URL: proxy.url } };
}

const length = (space: Space, queue: string) => client.llen(space.key(`queue:${queue}`));

test('a signal ends it after the step under way: what was removed is told, and that the rest is still there', async () => {
  const space = newSpace(redis);
  await fill(space, 'first', 3);
  await fill(space, 'last', 2);
  const { env } = await fillSlowly(space);
  const running = space.start(['empty', 'first', 'bulk', 'last'], { env });
  await until('it has begun', async () => (await length(space, 'bulk')) < 20_000);
  running.child.kill('SIGINT');
  const ran = await running.ended;
  const left = await length(space, 'bulk');
  assert.ok(left > 0 && left < 20_000, `${left}`);
  assert.deepEqual(linesOf(ran.stdout), ['3 jobs removed from first queue', `${20_000 - left} jobs removed from bulk queue`]);
  const line = `rqt: interrupted: ${20_000 - left} jobs removed from bulk queue, ${left} still there; 1 other queue was not touched (go on: rqt empty bulk last)\n`;
  assert.deepEqual([ran.status, ran.stderr], [130, line]);
  assert.equal(await length(space, 'last'), 2);
  assert.equal((await client.keys(space.key('job:*'))).length, left + 2);
});

test('a connection that is lost: what was removed until then is told', async () => {
  const space = newSpace(redis);
  const { proxy, env } = await fillSlowly(space);
  let steps = 0;
  const cut = proxy.cutReply(0, request => /was emptied|evalsha/i.test(request) && ++steps === 3);
  const ran = await space.run(['empty', 'bulk'], { env });
  await cut;
  assert.deepEqual([ran.status, ran.stdout], [69, '']);
  assert.match(
    ran.stderr,
    /^rqt: .* was lost .*: 1000 jobs removed from bulk queue, some more may have been, the rest is still there \(go on: rqt empty bulk\)\n$/,
  );
  assert.equal(await length(space, 'bulk'), 18_500);
});

for (const how of ['Ctrl-C', 'a lost connection'] as const) {
  test(`no progress bar is left on a terminal after ${how}`, { skip: noTerminal }, async () => {
    const space = newSpace(redis);
    const { proxy, env } = await fillSlowly(space);
    const terminal = startOnTerminal(['empty', 'bulk'], { ...space.env, ...env });
    await until('a bar is shown', () => terminal.shown.includes('%'));
    if (how === 'Ctrl-C') terminal.type('\x03');
    else await proxy.cutReply(0);
    assert.equal(await terminal.ended, how === 'Ctrl-C' ? 130 : 69);
    const rest = terminal.shown.slice(terminal.shown.lastIndexOf('\r\x1b[K'));
    assert.match(rest, /rqt: /);
    assert.doesNotMatch(rest, /%/);
  });
}

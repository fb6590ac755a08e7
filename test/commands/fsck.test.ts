import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endWorker } from '../helpers/busy.ts';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { checkWhole } from '../helpers/rq-places.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { noTerminal, startOnTerminal } from '../helpers/terminal.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { client } = redis;
const path = newFolder({
  'some.mjs': `
export const quick = () => 1;
export const fails = () => { throw new Error('no'); };
export const waits = ms => new Promise(resolve => setTimeout(resolve, Number(ms)));
`,
});

/** Of the test that looks while others are busy. */
const LOOKS = 4;
const ROUNDS_PER_LOOK = 6;

/** Loses the first job of a queue as a worker does that dies after BLPOP, some time ago. */
async function lose(space: Space, queue = 'default'): Promise<string> {
  const id = (await client.lpop(space.key(`queue:${queue}`))) ?? '';
  await client.hset(space.key(`job:${id}`), 'enqueued_at', '2026-01-01T00:00:00.000000Z');
  return id;
}

test('an empty and a sound namespace are 0', async () => {
  const space = newSpace(redis);
  const empty = await space.run(['fsck']);
  assert.deepEqual([empty.status, empty.stdout, empty.stderr], [0, 'nothing found, 0 keys and entries looked at\n', '']);
  await space.enqueue('some#quick');
  const sound = await space.run(['fsck']);
  assert.deepEqual([sound.status, sound.stdout], [0, 'nothing found, 4 keys and entries looked at\n']);
});

test('it says what is wrong and what it would do, and is 1; --fix does it, and a worker runs what was put back', async () => {
  const space = newSpace(redis);
  await space.enqueue('some#quick');
  const id = await lose(space);
  await client.rpush(space.key('queue:default'), 'ghost\u001b[31m');
  const before = await dumpKeys(client, space.namespace);
  const told = await space.run(['fsck', '--grace', '0']);
  assert.equal(told.status, 1);
  assert.equal(
    told.stdout,
    `queue-ghost  1  ids on a queue without a job
  ghost\\x1b[31m (default): there is no such job
  --fix takes them off the queue; a worker skips them when it comes to them, too

queued-lost  1  queued jobs that are on no queue: a worker's or a producer's crash has lost them
  ${id} (default): on no queue; it was for default
  --fix puts them to the front of their queue

2 findings of 2 kinds, 4 keys and entries looked at; nothing was changed: rqt fsck --fix mends what can be mended
`,
  );
  assert.deepEqual(await dumpKeys(client, space.namespace), before);

  const fixed = await space.run(['fsck', '--fix', '--grace', '0']);
  assert.equal(fixed.status, 0, fixed.stdout);
  assert.match(fixed.stdout, new RegExp(`${id} \\(default\\): .* -> put to the front of its queue\n`));
  assert.match(fixed.stdout, /2 findings of 2 kinds, .*; all mended\n$/);
  assert.equal((await space.run(['fsck', '--grace', '0'])).status, 0);
  assert.equal((await space.run(['worker', '--burst', '--quiet', '--path', path])).status, 0);
  assert.equal(await space.field(id, 'status'), 'finished');
});

test('--json: one line per finding, then one that sums up', async () => {
  const space = newSpace(redis);
  await space.enqueue('some#quick');
  const id = await lose(space);
  await client.set(space.key('results:x'), 'text');
  const ran = await space.run(['fsck', '--fix', '--json', '--grace', '0']);
  const lines = linesOf(ran.stdout).map(line => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ version, kind, name, subject, mended, left }) => [version, kind, name, subject, mended, left]),
    [
      [1, 'finding', 'wrong-type', space.key('results:x'), `renamed to ${space.key('rqt:aside:results:x')}`, null],
      [1, 'finding', 'queued-lost', id, 'put to the front of its queue', null],
      [1, 'fsck', undefined, undefined, 2, 0],
    ],
  );
  assert.deepEqual([ran.status, lines.at(-1).well, lines.at(-1).findings], [0, true, 2]);
});

test('--only looks for some kinds; one that there is not is refused with the nearest', async () => {
  const space = newSpace(redis);
  await client.rpush(space.key('queue:default'), 'ghost');
  assert.equal((await space.run(['fsck', '--only', 'queue-ghost', '--grace', '0'])).status, 1);
  assert.equal((await space.run(['fsck', '--only', 'queue-twice,job-ghost', '--grace', '0'])).status, 0);
  const wrong = await space.run(['fsck', '--only', 'queue-gost']);
  assert.equal(wrong.status, 64);
  assert.match(wrong.stderr, /^rqt: --only 'queue-gost' is no kind of damage; did you mean queue-ghost\? \(all: .*\)\n$/);
  assert.equal((await space.run(['fsck', '--grace', 'soon'])).status, 64);
  assert.equal((await space.run(['fsck', 'default'])).status, 64);
});

test('where a Python worker is registered, what it does in several steps has the grace to end', async () => {
  const space = newSpace(redis);
  await client.hset(space.key('worker:py'), { birth: '2026-01-01T00:00:00.000000Z', queues: 'default' });
  await client.expire(space.key('worker:py'), 3600);
  await client.sadd(space.key('workers'), space.key('worker:py'));
  await space.enqueue('some#quick');
  const id = await lose(space);
  const running = space.start(['fsck', '--grace', '1h']);
  await until('it waits', () => running.printed.stderr.includes('looking again'));
  assert.equal(running.printed.stderr, '1 finding may be on the way just now: looking again in 59 min 59 s (--grace)\n');
  running.child.kill('SIGINT');
  await running.ended;
  const late = space.start(['fsck', '--grace', '5s']);
  await until('it waits', () => late.printed.stderr.includes('looking again'));
  await client.hset(space.key(`job:${id}`), 'status', 'finished', 'result_ttl', 500);
  await client.zadd(space.key('finished:default'), 4e9, id);
  const ended = await late.ended;
  assert.deepEqual([ended.status, ended.stdout.startsWith('nothing found')], [0, true], ended.stdout);
});

test('a group whose last job is deleted is gone with it', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('some#quick', '--group', 'g');
  await space.run(['delete', id]);
  assert.deepEqual(await space.keys(), [space.key('queues')]);
  const ran = await space.run(['fsck', '--grace', '0']);
  assert.equal(ran.status, 0, ran.stdout);
});

test('two --fix at once put a job back once', async () => {
  const space = newSpace(redis);
  await space.run(['enqueue', 'some#quick', '--lines', '-', '--quiet'], { input: 'x\n'.repeat(50) });
  for (let i = 0; i < 20; i += 1) await lose(space);
  const ran = await Promise.all([1, 2, 3].map(() => space.run(['fsck', '--fix', '--grace', '0'])));
  assert.deepEqual(
    ran.map(({ status }) => status),
    [0, 0, 0],
  );
  assert.equal(await client.llen(space.key('queue:default')), 50);
  await checkWhole(client, space.namespace);
});

test('no false alarm while workers and producers are busy with all that jobs can do', async () => {
  const space = newSpace(redis);
  const queues = ['default', 'other'];
  const workers = [1, 2, 3, 4].map(n =>
    space.start(['worker', '--quiet', '--path', path, '--name', `busy${n}`, ...(n % 2 ? queues : [...queues].reverse())]),
  );
  const feed = async (flags: readonly string[]) =>
    space.run(['enqueue', '--quiet', '--lines', '-', ...flags], { input: 'x\n'.repeat(300) });
  let looks = 0;
  let number = 0;
  // A look waits while something is on its way (--grace): what is produced meanwhile has a bound, else the next look has ever more to read.
  const isAhead = () => looks < LOOKS && number >= (looks + 1) * ROUNDS_PER_LOOK;
  const produce = async () => {
    while (looks < LOOKS) {
      if (isAhead()) await until('the look is over', () => !isAhead(), 60_000);
      number += 1;
      const parent = await space.enqueue('some#waits', '300', '-q', 'other', '--job-id', `parent${number}`);
      await Promise.all([
        feed(['some#quick', '--group', `g${number}`]),
        feed(['some#fails', '-q', 'other', '--retry-max', '2', '--retry-interval', '1']),
        feed(['some#quick', '--depends-on', parent]),
        feed(['some#quick', '--repeat', '2', '--repeat-interval', '1']),
        feed(['some#quick', '--result-ttl', '0', '--ttl', '1h']),
      ]);
      await space.run(['cancel', parent]);
    }
  };
  const producing = produce();
  for (; looks < LOOKS; looks += 1) {
    const ran = await space.run(['fsck', '--grace', '15s', ...(looks % 2 ? ['--fix'] : [])]);
    assert.equal(ran.status, 0, ran.stdout);
    assert.match(ran.stdout, /^nothing found/);
  }
  await producing;
  for (const worker of workers) await endWorker(worker);
  // Children of the last parent may still be to be told: no worker is left that would do it.
  const last = linesOf((await space.run(['fsck', '--fix', '--json', '--grace', '0'])).stdout).map(line => JSON.parse(line));
  const others = last.filter(
    ({ kind, name }) => kind === 'finding' && name !== 'release-pending' && name !== 'deferred-stranded',
  );
  assert.deepEqual(others, []);
  await checkWhole(client, space.namespace);
});

test('in a terminal, long findings are cut to its width and no colour remains without one', { skip: noTerminal }, async () => {
  const space = newSpace(redis);
  await client.rpush(space.key('queue:default'), 'g'.repeat(300));
  const env = { RQT_REDIS_URL: redis.url, RQT_NAMESPACE: space.namespace, COLUMNS: '80', TERM: 'dumb' };
  const fsck = startOnTerminal(['fsck', '--grace', '0'], env);
  assert.equal(await fsck.ended, 1);
  assert.match(fsck.shown, /queue-ghost/);
  assert.ok(!fsck.shown.includes('g'.repeat(81)), fsck.shown);
});

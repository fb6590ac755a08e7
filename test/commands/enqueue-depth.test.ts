import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const { client } = redis;

test('--max-depth refuses with 75 and one line when the queue holds so many jobs', async () => {
  const space = newSpace(redis);
  const first = await space.enqueue('m#f', '--max-depth', '2');
  const second = await space.enqueue('m#f', '--max-depth', '2');
  const ran = await space.run(['enqueue', 'm#f', '--max-depth', '2', '--quiet']);
  assert.deepEqual([ran.status, ran.stdout], [75, '']);
  assert.equal(
    ran.stderr,
    'rqt: queue default holds 2 jobs and --max-depth is 2: nothing was enqueued (look: rqt info default)\n',
  );
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), [first, second]);
  assert.equal((await client.keys(space.key('job:*'))).length, 2);
  await space.enqueue('m#f', '--max-depth', '2', '-q', 'other');
  await space.run(['worker', '--burst']);
  await space.enqueue('m#f', '--max-depth', '2');
});

test('twenty at once do not pass the limit', async () => {
  const space = newSpace(redis);
  const ran = await Promise.all(Array.from({ length: 20 }, () => space.run(['enqueue', 'm#f', '--max-depth', '5'])));
  assert.equal(ran.filter(({ status }) => status === 0).length, 5);
  assert.equal(ran.filter(({ status }) => status === 75).length, 15);
  assert.equal(await client.llen(space.key('queue:default')), 5);
});

test('scheduled jobs are not counted, but refused as well', async () => {
  const space = newSpace(redis);
  const later = ['enqueue', 'm#f', '--schedule-in', '1h', '--max-depth', '1'];
  assert.equal((await space.run(later)).status, 0);
  assert.equal((await space.run(later)).status, 0);
  await space.enqueue('m#f', '--max-depth', '1');
  assert.equal((await space.run(later)).status, 75);
  assert.equal(await client.zcard(space.key('scheduled:default')), 2);
});

test('what would enqueue nothing is not refused: --unique and --once-per print the id of the job that there is', async () => {
  const space = newSpace(redis);
  const unique = await space.enqueue('m#f', '--unique', '--max-depth', '1');
  assert.equal(await space.enqueue('m#f', '--unique', '--max-depth', '1'), unique);
  assert.equal((await space.run(['enqueue', 'm#f', '--once-per', '1d', '--max-depth', '1'])).status, 75);
  const id = await space.enqueue('m#f', '--once-per', '1d', '--max-depth', '2');
  assert.equal(await space.enqueue('m#f', '--once-per', '1d', '--max-depth', '2'), id);
});

test('--overlap replace takes the place of the job that it replaces, and changes nothing where there is none', async () => {
  const space = newSpace(redis);
  const call = ['m#f', '--job-id', 'X', '--once-per', '1d', '--overlap', 'replace'];
  await space.enqueue('m#f', 'old', '--job-id', 'X');
  assert.equal(await space.enqueue(...call, '--max-depth', '1'), 'X');
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), ['X']);
  await client.del(space.key('rqt:once:id:X'));
  const other = await space.enqueue('m#f');
  const before = await client.dumpBuffer(space.key('job:X'));
  assert.equal((await space.run(['enqueue', ...call, '--max-depth', '1'])).status, 75);
  assert.deepEqual(await client.dumpBuffer(space.key('job:X')), before);
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), ['X', other]);
  assert.equal(await client.exists(space.key('rqt:once:id:X')), 0);
});

test('--lines: the lines that fit are enqueued in their order, and the message says how many', async () => {
  const space = newSpace(redis);
  const input = Array.from({ length: 700 }, (_, n) => `line ${n + 1}\n`).join('');
  const ran = await space.run(['enqueue', 'm#f', '--lines', '-', '--max-depth', '300'], { input });
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /^rqt: [^\n]*: the first 300 of 700 lines were enqueued [^\n]*\n$/);
  const ids = linesOf(ran.stdout);
  assert.equal(ids.length, 300);
  assert.deepEqual(await client.lrange(space.key('queue:default'), 0, -1), ids);
  assert.match((await space.field(ids.at(-1) ?? '', 'description')) ?? '', /line 300/);
  const again = await space.run(['enqueue', 'm#f', '--lines', '-', '--max-depth', '300', '--quiet'], { input: 'x\n' });
  assert.deepEqual([again.status, again.stdout], [75, '']);
  assert.match(again.stderr, /nothing was enqueued/);
});

for (const text of ['0', '-1', 'many', '1.5']) {
  test(`--max-depth ${text} is refused with 64`, async () => {
    const space = newSpace(redis);
    const ran = await space.run(['enqueue', 'm#f', `--max-depth=${text}`]);
    assert.deepEqual([ran.status, ran.stdout], [64, '']);
    assert.match(ran.stderr, /^rqt: --max-depth [^\n]*; write for example --max-depth 1000\n$/);
  });
}

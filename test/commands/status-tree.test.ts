import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newSpace, type Space } from '../helpers/space.ts';

const redis = await startRedis();

/** Jobs by name, each with the parents that it names. */
async function family(jobs: Readonly<Record<string, string>>): Promise<Space> {
  const space = newSpace(redis);
  for (const [id, parents] of Object.entries(jobs)) {
    await space.enqueue('m#f', '--job-id', id, ...(parents === '' ? [] : ['--depends-on', parents]));
  }
  return space;
}

async function treeOf(space: Space, ...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await space.run(['status', '--tree', ...args], { env: { LC_ALL: 'C.UTF-8' } });
  assert.equal(status, 0, stderr);
  return linesOf(stdout);
}

test('a tree has the parents above and the children below, a diamond is drawn once', async () => {
  const space = await family({ a: '', b: 'a', c: 'a', d: 'b,c', e: 'd' });
  const rest = [
    '│  └─ d  ◌ deferred  m#f()  ← this one',
    '│     └─ e  ◌ deferred  m#f()',
    '└─ c  ◌ deferred  m#f()',
    '   └─ d (see above)',
  ];
  assert.deepEqual(await treeOf(space, 'd'), ['a  ○ queued  m#f()', '├─ b  ◌ deferred  m#f()', ...rest]);
});

test('what is no relative is not in it', async () => {
  const space = await family({ a: '', b: 'a', c: 'a' });
  assert.deepEqual(await treeOf(space, 'b'), ['a  ○ queued  m#f()', '└─ b  ◌ deferred  m#f()  ← this one']);
});

test('several parents that have none themselves stand at the margin', async () => {
  const space = await family({ a: '', b: '', c: 'a,b' });
  assert.deepEqual(await treeOf(space, 'c'), [
    'a  ○ queued  m#f()',
    '└─ c  ◌ deferred  m#f()  ← this one',
    'b  ○ queued  m#f()',
    '└─ c (see above)',
  ]);
});

test('a job without relatives is a line, in ASCII where the locale is', async () => {
  const space = await family({ a: '' });
  const { stdout } = await space.run(['status', '--tree', 'a'], { env: { LC_ALL: 'C' } });
  assert.equal(stdout, 'a  o queued  m#f()\n');
});

test('a parent that is gone is said to be, a child that is gone is left out', async () => {
  const space = await family({ a: '', b: 'a', c: 'b' });
  await redis.client.del(space.key('job:a'), space.key('job:c'));
  assert.deepEqual(await treeOf(space, 'b'), ['a  gone', '└─ b  ◌ deferred  m#f()  ← this one']);
});

test('many children are cut, with their number', async () => {
  const space = await family({ a: '', b: 'a' });
  const input = Array.from({ length: 300 }, (_, i) => `${i}\n`).join('');
  await space.run(['enqueue', 'm#f', '--depends-on', 'b', '--lines', '-'], { input });
  const lines = await treeOf(space, 'a');
  assert.equal(lines.length, 23);
  assert.equal(lines.at(-1), '   └─ … 280 children not shown: rqt status --tree b');
});

test('a long chain is cut on both sides, and says so', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `j${i}`);
  const space = await family(Object.fromEntries(names.map((name, i) => [name, names[i - 1] ?? ''])));
  const lines = await treeOf(space, 'j15');
  assert.equal(lines.length, 22);
  assert.match(lines[0] ?? '', /^j5 .*… 1 parent not shown$/);
  assert.match(lines.at(-1) ?? '', /… 1 child not shown: rqt status --tree j25$/);
});

test('--json has every job with its relation, its parents and its children', async () => {
  const space = await family({ a: '', b: 'a', c: 'b' });
  const { stdout } = await space.run(['status', '--tree', '--json', 'b']);
  const common = { queue: 'default', description: 'm#f()' };
  assert.deepEqual(JSON.parse(stdout), {
    version: 1,
    kind: 'job_tree',
    id: 'b',
    jobs: [
      {
        id: 'b',
        relation: 'asked',
        state: 'deferred',
        ...common,
        parents: ['a'],
        children: ['c'],
        parent_count: 1,
        child_count: 1,
      },
      { id: 'a', relation: 'ancestor', state: 'queued', ...common, parents: [], children: [], parent_count: 0, child_count: 0 },
      {
        id: 'c',
        relation: 'descendant',
        state: 'deferred',
        ...common,
        parents: ['b'],
        children: [],
        parent_count: 1,
        child_count: 0,
      },
    ],
  });
});

test('a circle, which another program may write, is drawn once', async () => {
  const space = await family({ a: '', b: 'a' });
  await redis.client.hset(space.key('job:a'), 'dependency_ids', '["b"]');
  await redis.client.sadd(space.key('job:b:dependents'), 'a');
  assert.equal((await treeOf(space, 'a')).filter(line => line.includes('see above')).length, 1);
});

test('several ids are set apart, and an unknown one is 66', async () => {
  const space = await family({ a: '', b: '' });
  const ran = await space.run(['status', '--tree', 'a', 'nope', 'b'], { env: { LC_ALL: 'C' } });
  assert.deepEqual([ran.status, ran.stdout], [66, 'a  o queued  m#f()\n\nb  o queued  m#f()\n']);
  assert.match(ran.stderr, /there is no job nope/);
});

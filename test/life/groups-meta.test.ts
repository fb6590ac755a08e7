import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRqJob } from '../helpers/rq-reader.ts';
import { newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { idsOf, openLives } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test("--meta is RQ's meta: texts, JSON and files, uncompressed", async () => {
  const life = await newLife();
  const file = join(newFolder(), 'note.txt');
  writeFileSync(file, 'from a file');
  const flags = ['--meta', 'owner=ann', '--meta', 'tags:=["a",1]', '--meta', `note=@${file}`];
  const id = await life.enqueue('t#nothing', ...flags);
  const { fields } = await readRqJob(client, life.namespace, id);
  const meta = { owner: 'ann', tags: ['a', 1], note: 'from a file' };
  assert.deepEqual(JSON.parse(fields.meta ?? ''), meta);
  assert.deepEqual((await life.status(id)).meta, meta);
});

test("--group puts a job in RQ's sets: rq:groups has the name, rq:group:<name> the ids", async () => {
  const life = await newLife();
  const a = await life.enqueue('t#nothing', '--group', 'import');
  const b = await life.enqueue('t#nothing', '--group', 'import');
  await life.enqueue('t#nothing', '--group', 'other');
  assert.deepEqual((await client.smembers(life.key('groups'))).sort(), ['import', 'other']);
  assert.deepEqual((await client.smembers(life.key('group:import'))).sort(), [a, b].sort());
  assert.equal(await life.field(a, 'group_id'), 'import');
  assert.equal((await life.status(a)).group, 'import');
});

test('a deferred, a scheduled and a canceled job are in their group, too', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.enqueue('t#nothing', '--job-id', 'deferred', '--group', 'g', '--depends-on', 'parent');
  await life.enqueue('t#nothing', '--job-id', 'scheduled', '--group', 'g', '--schedule-in', '1h');
  await life.burst();
  await life.run(['enqueue', 't#nothing', '--job-id', 'canceled', '--group', 'g', '--depends-on', 'parent']);
  assert.deepEqual((await client.smembers(life.key('group:g'))).sort(), ['canceled', 'deferred', 'scheduled']);
});

test('deleting the jobs of a group leaves nothing of it once a worker has looked', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--group', 'g');
  await life.run(['delete', id]);
  await life.burst();
  assert.deepEqual(await life.members('finished'), []);
  assert.equal(await client.exists(life.key('groups'), life.key('group:g')), 0);
});

test('a group forgets its jobs when Redis does, a thousand of them in one look', async () => {
  const life = await newLife();
  await life.put(idsOf(1000), { plan: { group: 'g' } });
  await life.put(['stays'], { queue: 'aside', plan: { group: 'g' } });
  await client.del(life.key('queue:default'), ...idsOf(1000).map(id => life.key(`job:${id}`)));
  const worker = life.worker('--maintenance-interval', '1s');
  await until('the group has one job', async () => (await client.scard(life.key('group:g'))) === 1);
  assert.deepEqual(await client.smembers(life.key('group:g')), ['stays']);
  worker.child.kill('SIGTERM');
  await worker.ended;
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../helpers/until.ts';
import { openStage } from './stage.ts';

const stage = await openStage('--appendonly', 'yes', '--appendfsync', 'always');
const { client } = stage.redis;
const QUEUES = ['odd', 'even'];
const JOBS = 400;

test('gaps 1 and 2: workers that are killed at any moment leave every job in exactly one place, and all get done', async () => {
  for (let i = 0; i < JOBS; i++) await stage.put('quick#say', { id: `n-${i}`, queue: QUEUES[i % 2] ?? '', args: [`${i}\n`] });
  for (let round = 1; round <= 8; round++) {
    const worker = await stage.start(...QUEUES, '--name', `w-${round}`);
    const goal = Math.min(JOBS - 20, round * 30 + Math.floor(Math.random() * 10));
    await until(`${goal} jobs are done`, async () => (await countFinished()) >= goal);
    worker.child.kill('SIGKILL');
    await worker.ended;
    await assertOnePlaceEach();
  }
  const ran = await stage.burst(...QUEUES, '-q');
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(await countFinished(), JOBS);
  for (const queue of QUEUES) assert.equal(await client.zcard(`rq:wip:${queue}`), 0);
  assert.deepEqual(await client.keys('rq:execution*'), []);
});

async function countFinished(): Promise<number> {
  const counts = await Promise.all(QUEUES.map(queue => client.zcard(`rq:finished:${queue}`)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function assertOnePlaceEach(): Promise<void> {
  const found: string[] = [];
  for (const queue of QUEUES) {
    found.push(...(await client.lrange(`rq:queue:${queue}`, 0, -1)));
    found.push(...(await client.zrange(`rq:finished:${queue}`, '0', '-1')));
    found.push(...(await client.zrange(`rq:wip:${queue}`, '0', '-1')).map(member => member.split(':')[0] ?? ''));
  }
  assert.equal(found.length, JOBS);
  assert.equal(new Set(found).size, JOBS);
}

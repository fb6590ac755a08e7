import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { linesOf, newFolder } from '../helpers/space.ts';
import { openLives, redisSeconds } from './life.ts';

const { redis, newLife } = await openLives();
const { client } = redis;

test('--schedule-in puts the job on the schedule, due in so long by the clock of Redis', async () => {
  const life = await newLife();
  const before = await redisSeconds(redis);
  const id = await life.enqueue('t#nothing', '--schedule-in', '10m');
  const after = await redisSeconds(redis);
  const due = Number(await client.zscore(life.key('scheduled:default'), id));
  assert.ok(due >= before + 600 && due <= after + 601, `${due} is not 600 s after ${before}`);
  assert.deepEqual([await life.state(id), await life.queued()], ['scheduled', []]);
  assert.equal((await life.status(id)).due_at, new Date(due * 1000).toISOString());
});

test('a scheduled job runs when it is due, not before', async () => {
  const life = await newLife();
  const later = await life.enqueue('t#nothing', '--schedule-in', '1h');
  const id = await life.enqueue('t#nothing', '--schedule-in', '1s');
  const due = Number(await client.zscore(life.key('scheduled:default'), id));
  assert.equal((await life.burst()).status, 0);
  assert.equal(await life.state(later), 'scheduled');
  await life.run(['delete', later]);
  assert.equal((await life.burst('--settle')).status, 0);
  assert.equal(await life.state(id), 'finished');
  assert.ok(Date.parse((await life.field(id, 'started_at')) ?? '') >= due * 1000);
});

test('a worker that waits for jobs runs a scheduled one', async () => {
  const life = await newLife();
  const worker = life.worker();
  const id = await life.enqueue('t#nothing', '--schedule-in', '1s');
  await life.untilState(id, 'finished');
  worker.child.kill('SIGTERM');
  await worker.ended;
});

for (const [what, flags] of [
  ['--schedule-in 0', ['--schedule-in', '0']],
  ['--schedule-at in the past', ['--schedule-at', '2020-01-31T09:00']],
] as const) {
  test(`${what} is now`, async () => {
    const life = await newLife();
    const id = await life.enqueue('t#nothing', ...flags);
    assert.deepEqual([await life.state(id), await life.queued()], ['queued', [id]]);
  });
}

const times: [flags: string[], due: string][] = [
  [['2037-01-31T09:00Z'], '2037-01-31T09:00:00Z'],
  [['2037-01-31T09:00+02:00'], '2037-01-31T07:00:00Z'],
  [['2037-07-01T09:00', '--tz', 'Europe/Berlin'], '2037-07-01T07:00:00Z'],
  [['2037-01-31T09:00', '--tz', 'Europe/Berlin'], '2037-01-31T08:00:00Z'],
  // Berlin's clocks go from 2:00 to 3:00 that night: 2:30 does not exist. In October it exists twice.
  [['2037-03-29T02:30', '--tz', 'Europe/Berlin'], '2037-03-29T01:30:00Z'],
  [['2037-10-25T02:30', '--tz', 'Europe/Berlin'], '2037-10-25T00:30:00Z'],
];
for (const [[at = '', ...more], due] of times) {
  test(`--schedule-at ${[at, ...more].join(' ')} is due at ${due}`, async () => {
    const life = await newLife();
    const id = await life.enqueue('t#nothing', '--schedule-at', at, ...more);
    assert.equal(Number(await client.zscore(life.key('scheduled:default'), id)) * 1000, Date.parse(due));
  });
}

test('--schedule-at without a zone is local time', async () => {
  const life = await newLife();
  const { stdout } = await life.run(['enqueue', 't#nothing', '--schedule-at', '2037-07-01T09:00'], {
    env: { TZ: 'America/New_York' },
  });
  assert.equal(Number(await client.zscore(life.key('scheduled:default'), stdout.trim())) * 1000, Date.parse('2037-07-01T13:00Z'));
});

test('a scheduled job that is due waits on for its parent', async () => {
  const life = await newLife();
  await life.put(['parent'], { queue: 'aside' });
  await life.enqueue('t#nothing', '--job-id', 'child', '--schedule-in', '1h', '--depends-on', 'parent');
  assert.equal(await life.state('child'), 'scheduled');
  await client.zadd(life.key('scheduled:default'), 1, 'child');
  await life.burst();
  assert.equal(await life.state('child'), 'deferred');
  await life.burst('aside', 'default');
  assert.equal(await life.state('child'), 'finished');
});

test('a scheduled job whose parent has finished still waits for its time', async () => {
  const life = await newLife();
  await life.put(['parent']);
  await life.enqueue('t#nothing', '--job-id', 'child', '--schedule-in', '1h', '--depends-on', 'parent');
  await life.burst();
  assert.deepEqual([await life.state('parent'), await life.state('child')], ['finished', 'scheduled']);
  await client.zadd(life.key('scheduled:default'), 1, 'child');
  await life.burst();
  assert.equal(await life.state('child'), 'finished');
});

test('a scheduled job is canceled when its parent fails', async () => {
  const life = await newLife();
  await life.put(['parent'], {}, 't#fail');
  await life.enqueue('t#nothing', '--job-id', 'child', '--schedule-in', '1h', '--depends-on', 'parent');
  await life.burst();
  assert.equal((await life.status('child')).cancel_reason, 'its parent parent failed');
  assert.deepEqual(await life.members('scheduled'), []);
});

test('a scheduled job with --at-front comes to stand at the front when it is due', async () => {
  const life = await newLife();
  const notes = join(newFolder(), 'notes');
  await life.enqueue('t#note', notes, 'due', '--job-id', 'due', '--schedule-in', '1h', '--at-front');
  await life.enqueue('t#note', notes, 'waited');
  await client.zadd(life.key('scheduled:default'), 1, 'due');
  const off = await life.run(['suspend', 'default']);
  assert.equal(off.status, 0, off.stderr);
  const worker = life.worker();
  await life.untilState('due', 'queued');
  assert.equal((await life.queued())[0], 'due');
  worker.child.kill('SIGTERM');
  await worker.ended;
  await life.run(['resume', 'default']);
  await life.burst();
  assert.deepEqual(linesOf(readFileSync(notes, 'utf8')), ['due', 'waited']);
});

test('with --no-scheduler a worker leaves what is due to others', async () => {
  const life = await newLife();
  const id = await life.enqueue('t#nothing', '--schedule-in', '1h');
  await client.zadd(life.key('scheduled:default'), 1, id);
  await life.burst('--no-scheduler');
  assert.equal(await life.state(id), 'scheduled');
  await life.burst();
  assert.equal(await life.state(id), 'finished');
});

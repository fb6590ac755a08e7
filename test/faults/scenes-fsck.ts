import { command, doCleanly, type Scene } from './scene.ts';
import type { Stage } from './stage.ts';

const FIX = ['fsck', '--fix', '--grace', '0'];

/** Whoever mends is killed in the midst of it: the next one mends the rest, and no job is lost on the way. */
export const FSCK_SCENE: Scene = command('fsck --fix', FIX, damage, async stage => {
  await doCleanly(stage, FIX);
  // What was set aside is for a person to look at.
  const aside = await stage.db.client.keys(`${stage.db.prefix}:rqt:aside:*`);
  if (aside.length !== 1) throw new Error(`set aside: ${aside.join(', ') || 'nothing'}`);
  await stage.db.client.unlink(aside);
});

/** Damage for each of the scripts that mend. */
async function damage(stage: Stage): Promise<void> {
  const { client, prefix } = stage.db;
  const key = (rest: string) => `${prefix}:${rest}`;
  for (const id of ['plain', 'popped', 'torn', 'parent']) await stage.add(id, 'plain');
  await stage.add('child', 'plain', { plan: { dependsOn: ['parent'] } });
  // Entries: an id without a job, and one that is listed twice.
  await client.rpush(key('queue:default'), 'ghost', 'plain');
  // Jobs: one that a crash took off its queue, one whose hash Python could not read.
  await client.lrem(key('queue:default'), 0, 'popped');
  await client.hset(key('job:popped'), 'enqueued_at', '2026-01-01T00:00:00.000000Z');
  await client.hset(key('job:torn'), 'created_at', 'yesterday', 'timeout', 'long');
  // Leases, deferred jobs, keys of jobs that are gone, names.
  await client.zadd(key('wip:default'), 4e9, 'gone:00000000000000000000000000000000');
  await client.srem(key('job:parent:dependents'), 'child');
  await client.xadd(key('results:gone'), '*', 'type', '1');
  await client.srem(key('queues'), key('queue:default'));
  // Callbacks: one that is due, of a job without one.
  await client.rpush(key('rqt:callbacks:default'), 'gone');
  // The timetable: a name without an entry. Types: a key that holds something else.
  await client.zadd(key('rqt:cron'), 4e12, 'gone');
  await client.set(key('results:plain'), 'text');
}

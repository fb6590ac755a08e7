import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { chooseSeed } from './random.ts';
import { storm } from './storm.ts';

/** The short form, part of `npm test`, is one storm, the medium one three; the long one (`npm run test:faults`) lasts until a thousand processes were killed. */
const KILLS_OF_A_STORM = 40;
const KILLS = { long: 1000, medium: 120 }[process.env.RQT_FAULTS ?? ''] ?? KILLS_OF_A_STORM;

const redis = await startRedis();

test('workers, executors, producers and cancels are killed at random: nothing is lost, nothing settled twice', async () => {
  const total: Record<string, number> = {};
  let kills = 0;
  let acknowledged = 0;
  for (let seed = chooseSeed(); kills < KILLS; seed += 1) {
    const end = await storm(redis, seed, KILLS_OF_A_STORM);
    assert.deepEqual(end.problems, [], `seed ${seed}`);
    for (const [kind, count] of Object.entries(end.kills)) {
      total[kind] = (total[kind] ?? 0) + count;
      kills += count;
    }
    acknowledged += end.acknowledged;
    console.log(`storm: seed ${seed}, ${kills} kills so far ${JSON.stringify(total)}, ${acknowledged} jobs acknowledged`);
  }
});

/** Damage at random to a namespace with jobs in every state: what `--fix` leaves is whole, and no job that could be kept is gone. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { startRedis } from '../../helpers/redis.ts';
import { checkWhole } from '../../helpers/rq-places.ts';
import { openTestDb } from '../../helpers/store.ts';
import { check, fill } from './stage.ts';

const redis = await startRedis();
const { client } = redis;
beforeEach(async () => void (await client.flushall()));

/** The same each time, unless RQT_FUZZ_SEED says another first seed. */
const first = Number(process.env.RQT_FUZZ_SEED ?? 1);
const RUNS = Math.min(Number(process.env.RQT_FUZZ_INPUTS ?? 50), 5000);
const BLOWS = 6;

type Random = (below: number) => number;

/** A small generator (mulberry32): the same seed does the same damage. */
function randomOf(seed: number): Random {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Puts something of another type in the place of a key; the hash of a job is not lost by that. */
async function replace(key: string, random: Random): Promise<string> {
  const type = await client.type(key);
  if (/:job:[^:]+$/.test(key) || key.includes(':rqt:aside:')) return `left ${key}`;
  const others: Record<string, () => Promise<unknown>> = {
    string: () => client.set(key, 'x'),
    list: () => client.rpush(key, 'x'),
    set: () => client.sadd(key, 'x'),
    zset: () => client.zadd(key, 1, 'x'),
    hash: () => client.hset(key, 'x', 'x'),
    stream: () => client.xadd(key, '*', 'x', 'x'),
  };
  delete others[type];
  // What a result consists of is not looked at: this would be one, but of nothing that can be read.
  if (key.includes(':results:')) delete others.stream;
  const all = Object.entries(others);
  const [other, put] = all[random(all.length)] as [string, () => Promise<unknown>];
  await client.del(key);
  await put();
  return `put a ${other} to ${key}`;
}

/** Removes, empties or changes one key; a payload goes with its job only. Returns what was done. */
async function strike(prefix: string, random: Random): Promise<string> {
  const keys = (await client.keys(`${prefix}:*`)).sort();
  const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;
  const key = pick(keys);
  const ids = keys.flatMap(each => /:job:([^:]+)$/.exec(each)?.[1] ?? []);
  const type = await client.type(key);
  const kind = random(4);
  if (kind === 3) return replace(key, random);
  if (kind === 0) {
    await client.del(key);
    return `removed ${key}`;
  }
  switch (type) {
    case 'hash': {
      const field = pick((await client.hkeys(key)).filter(name => name !== 'data').sort());
      if (kind === 1) await client.hdel(key, field);
      else if (field === 'status')
        await client.hset(key, field, pick(['queued', 'started', 'finished', 'failed', 'scheduled', 'x']));
      else await client.hset(key, field, pick(['', '0', 'x']));
      return `${kind === 1 ? 'removed' : 'changed'} ${field} of ${key}`;
    }
    case 'list':
    case 'zset':
    case 'set': {
      const id = pick([...ids, 'ghost']);
      const isList = type === 'list';
      if (kind === 2 && isList) await client.rpush(key, id);
      else if (kind === 2 && type === 'zset') await client.zadd(key, 4e9, key.includes(':wip:') ? `${id}:e` : id);
      else if (isList) await client.lpop(key);
      else if (type === 'zset') await client.zpopmin(key);
      else await client.spop(key);
      return `${kind === 2 ? `put ${id} to` : 'took one of'} ${key}`;
    }
    default:
      return `left ${key}`;
  }
}

for (let run = 0; run < RUNS; run += 1) {
  const seed = first + run;
  test(`whatever happened to the keys, they are whole after --fix (RQT_FUZZ_SEED=${seed})`, async () => {
    const db = await openTestDb(redis);
    await fill(db);
    const random = randomOf(seed);
    const done: string[] = [];
    for (let blow = 0; blow < BLOWS; blow += 1) done.push(await strike(db.prefix, random));
    const told = () => `seed ${seed}: ${done.join('; ')}`;
    const before = (await client.keys(`${db.prefix}:job:*`)).filter(key => /:job:[^:]+$/.test(key));
    const withPayload = [];
    for (const key of before) if (await client.hexists(key, 'data')) withPayload.push(key);
    const fixed = await check(db, { fix: true });
    assert.deepEqual(
      fixed.found.filter(({ mended }) => mended?.kind !== 'mended'),
      [],
      told(),
    );
    assert.deepEqual((await check(db)).names, [], told());
    await checkWhole(client, db.prefix).catch(error => assert.fail(`${told()}: ${error}`));
    for (const key of withPayload) assert.equal(await client.exists(key), 1, `${key} is gone; ${told()}`);
  });
}

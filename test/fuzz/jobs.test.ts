/**
 * Job hashes as nobody should write them (fields missing, of a wrong type or encoding, huge), many at once in a real Redis: every reading
 * command shows them, a burst does the healthy ones among them and ends the others, and fsck puts right what is left.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { mutated, Random } from './fuzz.ts';

const redis = await startRedis();
const { client } = redis;
const path = newFolder({ 'some.mjs': 'export const quick = () => 42;\n' });
const seed = Number(process.env.RQT_FUZZ_SEED ?? 1);
const inputs = Number(process.env.RQT_FUZZ_INPUTS ?? 0);
const JOBS = inputs > 0 ? 4000 : 1000;
const BATCHES = Math.max(1, Math.round(inputs / 10_000));

type Hash = Record<string, Buffer>;

const STATES = ['queued', 'started', 'finished', 'failed', 'stopped', 'canceled', 'deferred', 'scheduled'];
/** What a job may be repeated by, or tried again: as often as it says. */
const COUNTS = ['retries_left', 'repeats_left'];
const WORDS = [
  '',
  '0',
  '-1',
  '1',
  'x',
  'NaN',
  '1e999',
  '9'.repeat(400),
  'null',
  'true',
  '[1',
  '{"a":',
  '["x"]',
  '\u0000',
  'é\u001b[31m\n',
  'x:y',
  '[[[[]]]]',
];
const OPTIONAL = [
  ...[
    'result_ttl',
    'failure_ttl',
    'ttl',
    'meta',
    'dependency_ids',
    'retry_intervals',
    'repeat_intervals',
    'enqueue_at_front',
    ...COUNTS,
  ],
  ...[
    'success_callback_timeout',
    'allow_dependency_failures',
    'rqt_expires',
    'rqt_attempts',
    'rqt_crashes',
    'rqt_progress',
    'rqt_absent',
  ],
  ...[
    'rqt_reason',
    'rqt_canceled_at',
    'rqt_canceled_by',
    'rqt_max_crashes',
    'rqt_asked_retries',
    'rqt_on_parent_failure',
    'rqt_cron',
    'rqt_stop',
  ],
];

function nasty(field: string, before: Buffer, random: Random): Buffer {
  if (COUNTS.includes(field)) return Buffer.from(random.pick(['', '-1', '1', 'x', '1e999', 'NaN', '2.5']));
  // Names that are not UTF-8 are beyond what fsck can tell apart.
  if (field === 'origin') return Buffer.from(random.pick(WORDS));
  switch (random.below(8)) {
    case 0:
      return random.bytes(random.below(40));
    case 1:
      return before.length > 0 ? mutated([before], random) : Buffer.from([0xff]);
    case 2:
      return random.below(20) === 0 ? Buffer.alloc(300_000, random.below(256)) : Buffer.from('a'.repeat(3000));
    default:
      return Buffer.from(random.pick(WORDS));
  }
}

/** A job with some of its fields damaged; `isHealthy`: none of them is. */
function damage(base: Hash, random: Random): Hash {
  const hash = { ...base };
  for (let blows = 1 + random.below(4); blows > 0; blows -= 1) {
    const field = random.pick([...Object.keys(base), ...OPTIONAL]);
    if (random.below(3) === 0) delete hash[field];
    else hash[field] = nasty(field, base[field] ?? Buffer.alloc(0), random);
  }
  if (random.below(3) === 0) hash.status = Buffer.from(random.pick(STATES));
  return hash;
}

/** Puts a job to where its state says, or anywhere. */
async function place(space: Space, id: string, hash: Hash, random: Random): Promise<void> {
  const state = random.below(10) === 0 ? random.pick(STATES) : String(hash.status ?? 'queued');
  const score = random.pick([1, 4e9, Number.POSITIVE_INFINITY]);
  if (random.below(30) === 0) await client.rpush(space.key(`job:${id}`), 'no hash at all');
  else if (Object.keys(hash).length > 0) await client.hset(space.key(`job:${id}`), hash);
  if (state === 'started') await client.zadd(space.key('wip:default'), score, `${id}:e`);
  else if (state === 'stopped') await client.zadd(space.key('failed:default'), score, id);
  else if (state !== 'queued' && STATES.includes(state)) await client.zadd(space.key(`${state}:default`), score, id);
  else await client.rpush(space.key('queue:default'), id);
}

for (let batch = 0; batch < BATCHES; batch += 1) {
  test(`${JOBS} damaged jobs: all commands live on, healthy ones are done, RQT_FUZZ_SEED=${seed + batch}`, {
    timeout: 900_000,
  }, async () => {
    const random = new Random(seed + batch);
    const space = newSpace(redis);
    const first = await space.enqueue('some#quick', '--retry-max', '1', '--repeat', '1', '--meta', 'a=b', '--group', 'g');
    const base = (await client.hgetallBuffer(space.key(`job:${first}`))) as Hash;
    const plain = (await client.hgetallBuffer(space.key(`job:${await space.enqueue('some#quick')}`))) as Hash;
    const [damagedIds, healthyIds]: [string[], string[]] = [[], []];
    for (let i = 0; i < JOBS; i += 1) {
      damagedIds.push(`d${i}`);
      await place(space, `d${i}`, damage(random.pick([base, plain]), random), random);
      if (i % 10 > 0) continue;
      healthyIds.push(`h${i}`);
      await client.hset(space.key(`job:h${i}`), plain);
      await client.rpush(space.key('queue:default'), `h${i}`);
    }

    const some = damagedIds.filter((_, i) => i % 10 === 0).concat(healthyIds.slice(0, 3));
    const runs = [
      ...[['jobs', '--limit', '100000'], ['jobs', '--json', '--limit', '100000'], ['info'], ['info', '--json']],
      ...[
        ['status', ...some],
        ['status', '--json', ...some],
        ['fsck', '--grace', '0'],
        ['fsck', '--grace', '0', '--json'],
      ],
      ...some.slice(0, 10).flatMap(id => [
        ['result', id],
        ['logs', id],
      ]),
    ];
    for (const args of runs) {
      const { status, stdout, stderr } = await space.run(args);
      const told = `${args.slice(0, 3).join(' ')}: ${status}: ${stderr.slice(-2000)}`;
      assert.ok(status !== null && [0, 1, 66, 75].includes(status), told);
      assert.doesNotMatch(stderr, /WRONGTYPE|a bug in rqt|user_script|\n +at /, told);
      assert.ok(![...stdout].some(char => char < ' ' && char !== '\n' && char !== '\t'), `${told}: a control character`);
      if (args.includes('--json')) for (const line of linesOf(stdout)) JSON.parse(line);
      if (args[0] === 'jobs') for (const id of healthyIds.slice(0, 3)) assert.ok(stdout.includes(id), told);
    }

    const burst = await space.run(['worker', '--burst', '--quiet', '--path', path]);
    assert.equal(burst.status, 1, burst.stderr.slice(-3000));
    assert.doesNotMatch(burst.stderr, /WRONGTYPE|a bug in rqt|user_script|Error running script/);
    for (const id of healthyIds) assert.equal(await space.field(id, 'status'), 'finished', id);
    assert.equal(await client.llen(space.key('queue:default')), 0);
    const fixed = await space.run(['fsck', '--fix', '--grace', '0']);
    assert.equal(fixed.status, 0, fixed.stderr + fixed.stdout);
    const again = await space.run(['worker', '--burst', '--quiet', '--path', path]);
    assert.ok(again.status === 0 || again.status === 1, again.stderr);
    const clean = await space.run(['fsck', '--grace', '0']);
    assert.equal(clean.status, 0, clean.stderr + clean.stdout);
    for (const id of damagedIds) {
      if ((await client.type(space.key(`job:${id}`))) !== 'hash') continue;
      const [state, origin] = await client.hmget(space.key(`job:${id}`), 'status', 'origin');
      // The worker serves `default` alone; the damage has sent some jobs elsewhere.
      if (state === 'queued') {
        assert.notEqual(origin, 'default', `${id} was not run`);
        assert.notEqual(await client.lpos(space.key(`queue:${origin}`), id), null, `${id} is on no queue`);
      }
      const isHeld = (await client.zscore(space.key('wip:default'), `${id}:e`)) !== null;
      assert.ok(state !== 'started' || isHeld, `${id} is ${state}`);
    }
  });
}

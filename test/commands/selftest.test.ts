import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Expected, findLeftovers, type JobSeen, judge } from '../../src/commands/selftest/judge.ts';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const { namespace, run, start, enqueue } = newSpace(redis);
const temporary = newFolder();
const env = { TMPDIR: temporary };

test('every promise is kept, and neither a key nor a file is left', async () => {
  await enqueue('m#f', '--job-id', 'mine');
  const before = await dumpKeys(redis.client);
  const ran = await run(['selftest'], { env });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const lines = ran.stdout.trim().split('\n');
  assert.match(lines.pop() ?? '', /^all 10 promises kept; 1\d processes killed in [\d.]+ s$/);
  for (const line of lines) assert.match(line, /^ok {6}\w/);
  assert.equal(ran.stderr, '');
  assert.deepEqual(await dumpKeys(redis.client), before);
  assert.deepEqual(leftInTemporary(), []);
});

test('Ctrl-C ends it at once, with 130, and removes what it has made, and what others have left that were killed', async () => {
  const alive = 'rqt-selftest-0000beef';
  await redis.client.set(`${alive}:rqt:in-use`, '');
  await redis.client.set(`${alive}:job:x`, 'another one is at work');
  await redis.client.set('rqt-selftest-of-mine:job:x', 'a namespace of the user');
  const before = await dumpKeys(redis.client);
  await redis.client.set('rqt-selftest-0000dead:job:x', 'killed');
  for (const [name, ageMs] of [
    ['rqt-selftest-older', 2 * 86_400_000],
    ['rqt-selftest-young', 0],
  ] as const) {
    mkdirSync(join(temporary, name));
    writeFileSync(join(temporary, name, 'effects'), '');
    utimesSync(join(temporary, name), new Date(Date.now() - ageMs), new Date(Date.now() - ageMs));
  }
  const running = start(['selftest', '--json'], { env });
  await until('it has jobs', async () => (await redis.client.keys('rqt-selftest-*:job:*')).length > 6);
  const marks = (await redis.client.keys('rqt-selftest-*:rqt:in-use')).filter(key => !key.startsWith(alive));
  assert.equal(marks.length, 1);
  // Were it killed now, this would lapse, and the next one remove the rest.
  assert.ok((await redis.client.pttl(marks[0] ?? '')) > 0);
  running.child.kill('SIGINT');
  const ran = await running.ended;
  assert.deepEqual([ran.status, ran.stdout, ran.stderr], [130, '', '']);
  assert.deepEqual(await dumpKeys(redis.client), before);
  assert.deepEqual(leftInTemporary(), ['rqt-selftest-young']);
  await redis.client.unlink(await redis.client.keys('rqt-selftest-*'));
});

test('a broken promise is told in a document, with 1: here Redis loses what it is told', async () => {
  const running = start(['selftest', '--json'], { env });
  // Whoever removes its keys meanwhile makes it lose jobs.
  const remove = setInterval(async () => {
    const keys = await redis.client.keys('rqt-selftest-*:job:*');
    if (keys.length > 0) await redis.client.unlink(...keys);
  }, 5);
  const ran = await running.ended;
  clearInterval(remove);
  assert.equal(ran.status, 1, ran.stderr);
  const document = JSON.parse(ran.stdout);
  assert.deepEqual([document.version, document.kind, document.kept, document.promises.length], [1, 'selftest', false, 10]);
  const broken = document.promises.filter(({ kept }: { kept: boolean }) => !kept);
  assert.ok(broken.length > 0);
  for (const { why } of broken) assert.ok(why.length > 0 && why.every((line: string) => line.length > 0), ran.stdout);
  assert.deepEqual(await redis.client.keys('rqt-selftest-*'), []);
});

test('a user who may write the keys of rq only is told what is missing, with 78', async () => {
  await redis.client.call('ACL', 'SETUSER', 'narrow', 'on', '>secret', `~${namespace}:*`, '&*', '+@all');
  const url = redis.url.replace('unix://', 'unix://narrow:secret@');
  const ran = await run(['selftest'], { env: { ...env, RQT_REDIS_URL: url } });
  assert.equal(ran.status, 78);
  assert.match(
    ran.stderr,
    /^rqt: selftest has to write keys that begin with rqt-selftest-[^\n]+ does not let this user do that[^\n]+\n$/,
  );
  assert.doesNotMatch(ran.stderr, /secret/);
});

test('on the private server, too', async () => {
  const home = join(temporary, 'home');
  mkdirSync(home);
  const own = { ...env, RQT_REDIS_URL: undefined, RQT_HOME: home };
  try {
    const ran = await run(['selftest'], { env: own });
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  } finally {
    await run(['redis', 'stop'], { env: own });
  }
});

const good: JobSeen = { state: 'finished', outcomes: ['finished'], error: '' };
const wanted: Expected = { state: 'finished', begun: 1, done: 1 };
const begun = { what: 'begun', id: 'a', pid: 1 } as const;
const done = { what: 'done', id: 'a', pid: 1 } as const;

const CASES: readonly [what: string, Expected, Partial<JobSeen>, readonly (typeof begun | typeof done)[], string[]][] = [
  ['what was promised', wanted, {}, [begun, done], []],
  ['a job that waits', wanted, { state: 'queued' }, [begun, done], ['a is queued, not finished']],
  ['a job started twice', wanted, {}, [begun, begun, done], ['a was started 2 times, not once']],
  ['a job never done', wanted, {}, [begun], ['a was done 0 times, not once']],
  [
    'attempts that ended otherwise',
    { ...wanted, outcomes: ['retried', 'finished'] },
    {},
    [begun, done],
    ['the attempts at a have ended as finished, not retried, finished'],
  ],
  [
    'an error without the reason',
    { ...wanted, error: /killed/ },
    { error: 'oops\nat x' },
    [begun, done],
    ['a does not say why: oops'],
  ],
  ['a child before its parent', { ...wanted, after: 'p' }, {}, [begun, done], ['a was started before p was done']],
];

for (const [what, expected, seen, effects, why] of CASES) {
  test(`the verdict on ${what}`, () => {
    assert.deepEqual(judge(new Map([['a', expected]]), { jobs: new Map([['a', { ...good, ...seen }]]), effects }), why);
  });
}

test('the verdict on a job that is lost', () => {
  assert.deepEqual(judge(new Map([['a', { ...wanted, begun: 0, done: 0 }]]), { jobs: new Map(), effects: [] }), [
    'a is gone, not finished',
  ]);
});

test('the verdict on what is left over', () => {
  const keys = ['x:job:a', 'x:results:a', 'x:finished:q', 'x:queues', 'x:worker:w'];
  assert.deepEqual(findLeftovers(keys, 'x'), []);
  assert.deepEqual(findLeftovers([...keys, 'x:wip:q', 'x:execution:a:e', 'x:workers'], 'x'), [
    'wip:q is left over',
    'execution:a:e is left over',
    'workers is left over',
  ]);
});

function leftInTemporary(): string[] {
  return readdirSync(temporary).filter(name => name.startsWith('rqt-selftest'));
}

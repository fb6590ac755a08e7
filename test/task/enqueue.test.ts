import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { runOnce, statusOf } from './scene.ts';

const redis = await startRedis();

/** Runs a task that enqueues by this expression; returns what that resolves to, or why it rejects. */
async function enqueueFrom(space: Space, expression: string, flags: readonly string[] = []) {
  const { id, status, ran } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = async () => {
  try { return { id: await ${expression} }; } catch (error) { return { error: error.message }; }
};
export const child = (...args) => args;`,
    flags,
  );
  assert.equal(status.state, 'finished', `${status.error}${ran.stderr}`);
  return { parent: id, ...(status.result as { id?: string; error?: string }) };
}

test('a job enqueues a child, which runs in the same burst', async () => {
  const space = newSpace(redis);
  const { id = '' } = await enqueueFrom(space, "job.enqueue('t#child', [1, { two: [true, null] }, 'three'])");
  const child = await statusOf(space, id);
  assert.deepEqual([child.state, child.result], ['finished', [1, { two: [true, null] }, 'three']]);
});

test('a child without options is as a job from the command line', async () => {
  const space = newSpace(redis);
  const { id = '' } = await enqueueFrom(space, "job.enqueue('t#child', ['a'], { in: '1h' })");
  const plain = await statusOf(space, await space.enqueue('t#child', 'a', '--schedule-in', '1h'));
  const child = await statusOf(space, id);
  const facts = ({ queue, description, args, timeout_seconds, result_ttl_seconds, retries_left, depends_on }: typeof child) => ({
    ...{ queue, description, args, timeout_seconds, result_ttl_seconds, retries_left, depends_on },
  });
  assert.deepEqual(facts(child), facts(plain));
});

test("the queue of a child is by default that of its parent's", async () => {
  const space = newSpace(redis);
  const folder = `import { job } from 'rqt/task';
export const run = async () => [await job.enqueue('t#run', [], { in: 3600 }), await job.enqueue('t#run', [], { queue: 'other' })];`;
  const { status } = await runOnce(space, folder);
  const [same = '', other = ''] = status.result as string[];
  assert.equal((await statusOf(space, same)).queue, 'default');
  assert.equal((await statusOf(space, other)).queue, 'other');
});

test('a child takes an id, a description, a timeout and a time to keep its result', async () => {
  const space = newSpace(redis);
  const { id } = await enqueueFrom(
    space,
    "job.enqueue('t#child', [], { id: 'mail-1', description: 'a mail', timeout: '5m', resultTtl: 60, queue: 'later' })",
  );
  assert.equal(id, 'mail-1');
  const { description, timeout_seconds, result_ttl_seconds } = await statusOf(space, 'mail-1');
  assert.deepEqual([description, timeout_seconds, result_ttl_seconds], ['a mail', 300, 60]);
});

test('a child at the front runs before what waits already', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#child', '--queue', 'later');
  const { id } = await enqueueFrom(space, "job.enqueue('t#child', [], { atFront: true, queue: 'later' })");
  assert.equal((await redis.client.lrange(space.key('queue:later'), 0, -1))[0], id);
});

test('a child that depends on its parent runs when that one has finished', async () => {
  const space = newSpace(redis);
  const { id = '', parent } = await enqueueFrom(space, "job.enqueue('t#child', [], { dependsOn: [job.id] })");
  const child = await statusOf(space, id);
  assert.deepEqual([child.state, child.depends_on], ['finished', [parent]]);
});

test('a child that is to run later is scheduled', async () => {
  const space = newSpace(redis);
  const { id = '' } = await enqueueFrom(space, "job.enqueue('t#child', [], { in: '10m' })");
  const { state, due_at } = await statusOf(space, id);
  assert.equal(state, 'scheduled');
  const minutes = (Date.parse(due_at ?? '') - Date.now()) / 60_000;
  assert.ok(minutes > 9 && minutes < 11, due_at ?? '');
});

test('the id of an unfinished job is refused, and that job is left alone', async () => {
  const space = newSpace(redis);
  await space.enqueue('t#child', 'first', '--job-id', 'taken', '--queue', 'later');
  const { error } = await enqueueFrom(space, "job.enqueue('t#child', ['second'], { id: 'taken', queue: 'later' })");
  assert.match(error ?? '', /job taken is still queued; nothing was enqueued/);
  assert.deepEqual((await statusOf(space, 'taken')).args, ['first']);
});

test('a child with an id that an earlier attempt has enqueued is left as it is, whether that attempt failed or its worker died', async () => {
  for (const end of ["throw new Error('once more')", 'process.kill(process.ppid, 9)']) {
    const space = newSpace(redis);
    const folder = newFolder({
      't.mjs': `import { job } from 'rqt/task';
export const run = async () => {
  const id = await job.enqueue('t#child', [job.execution], { id: job.id + '-child', queue: 'later' });
  if (job.attempt === 1) { ${end}; }
  return [id, job.attempt];
};
export const child = at => at;`,
    });
    const id = await space.enqueue('t#run', '--retry-max', '1');
    const burst = (...args: string[]) =>
      space.run(['worker', '--burst', '--job-monitoring-interval', '1s', '--path', folder, ...args]);
    await burst();
    const queued = await redis.client.hgetall(space.key(`job:${id}-child`));
    assert.equal(queued.status, 'queued');
    await burst();
    assert.deepEqual((await statusOf(space, id)).result, [`${id}-child`, 2]);
    assert.deepEqual(await redis.client.hgetall(space.key(`job:${id}-child`)), queued);
    assert.deepEqual(await redis.client.lrange(space.key('queue:later'), 0, -1), [`${id}-child`]);
    await burst('later');
    assert.equal((await statusOf(space, `${id}-child`)).state, 'finished');
  }
});

test('a child with an id is enqueued once also when one attempt asks for it twice; an id of another parent’s child is refused', async () => {
  for (const [options, places] of [
    ["queue: 'later'", 'queue:later'],
    ["queue: 'later', in: '1h'", 'scheduled:later'],
  ] as const) {
    const space = newSpace(redis);
    const enqueue = (arg: number) => `job.enqueue('t#child', [${arg}], { id: 'c', ${options} })`;
    const { id, error } = await enqueueFrom(space, `${enqueue(1)}.then(() => ${enqueue(2)})`);
    assert.deepEqual([id, error], ['c', undefined]);
    const { client } = redis;
    const at = space.key(places);
    const waiting = places.startsWith('queue') ? await client.lrange(at, 0, -1) : await client.zrange(at, '0', '-1');
    assert.deepEqual(waiting, ['c']);
    const other = await enqueueFrom(space, enqueue(3));
    assert.match(other.error ?? '', /job c is still (queued|scheduled)/);
    assert.deepEqual((await statusOf(space, 'c')).args, [1]);
  }
});

test('a child that has ended runs again', async () => {
  const space = newSpace(redis);
  const { id, status } = await runOnce(
    space,
    `import { job, Retry } from 'rqt/task';
export const run = async () => {
  await job.enqueue('t#child', [job.attempt], { id: 'c', atFront: true });
  if (job.attempt === 1) throw new Retry();
};
export const child = n => n;`,
  );
  assert.equal(status.state, 'finished');
  const { attempt_count: ran, result } = await statusOf(space, 'c');
  assert.deepEqual([result, id !== 'c', ran], [2, true, 1]);
});

/** Calls of `job.enqueue`, and what is said of them. */
const REFUSED = [
  ['a task without a function', "'mails'", /names no function/],
  ['an absolute path', "'/etc/passwd#x'", /absolute path/],
  ['a task that is no text', 'null', /task 'null'/],
  ['arguments that are no list', "'t#child', { a: 1 }", /no list/],
  ['arguments that are no JSON', "'t#child', [{ toJSON: () => { throw new Error('no JSON of me') } }]", /no JSON of me/],
  ['an option that does not exist', "'t#child', [], { dependOn: ['a'] }", /no option 'dependOn'.*dependsOn/],
  ['a parent that is no list', "'t#child', [], { dependsOn: 'a' }", /dependsOn: give a list of job ids/],
  ['a parent that is no id', "'t#child', [], { dependsOn: ['a b'] }", /job id 'a b'/],
  ['an id that is none', "'t#child', [], { id: 'a b' }", /job id 'a b'/],
  ['a queue that is none', "'t#child', [], { queue: 'a,b' }", /queue name 'a,b' has a comma/],
  ['a duration that is none', "'t#child', [], { timeout: 'soon' }", /timeout 'soon' is not a duration/],
  ['a timeout of 0', "'t#child', [], { timeout: 0 }", /timeout '0' is zero/],
  ['a time of waiting below 0', "'t#child', [], { in: -1 }", /in '-1' is negative/],
  ['atFront that is not true or false', "'t#child', [], { atFront: 'yes' }", /atFront: give true or false/],
  ['a description that is no text', "'t#child', [], { description: {} }", /description: give a text/],
  ['a dependency on itself', "'t#child', [], { id: 'me', dependsOn: ['me'] }", /job me cannot depend on itself/],
] as const;

const refusing = newSpace(redis);
let refusals: readonly string[] = [];
before(async () => {
  const tries = REFUSED.map(([, call]) => `() => job.enqueue(${call})`).join(', ');
  const { status } = await runOnce(
    refusing,
    `import { job } from 'rqt/task';
export const run = () => Promise.all([${tries}].map(attempt => attempt().then(id => 'enqueued ' + id, error => error.message)));`,
  );
  refusals = status.result as string[];
});

REFUSED.forEach(([what, , message], i) => {
  test(`${what} is refused in the task, with a reason`, () => assert.match(refusals[i] ?? '', message));
});

test('nothing is enqueued by a refused call', async () => {
  assert.equal((await refusing.keys()).filter(key => key.includes(':job:')).length, 1);
});

test('a refusal that the task does not catch fails the job', async () => {
  const space = newSpace(redis);
  const { status } = await runOnce(
    space,
    `import { job } from 'rqt/task';
export const run = () => job.enqueue('mails');`,
  );
  assert.equal(status.state, 'failed');
  assert.match(status.error ?? '', /names no function/);
});

test('a job that has lost its lease enqueues nothing and saves nothing', async () => {
  const space = newSpace(redis);
  const folder = `import { job } from 'rqt/task';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
const message = promise => promise.then(() => 'done', error => error.message);
export const run = async () => {
  await new Promise(resolve => connect(${JSON.stringify(redis.socket)}).once('data', resolve).end('ZREMRANGEBYRANK ${space.key('wip:default')} 0 -1\\r\\n'));
  console.log([await message(job.enqueue('t#run', [], { queue: 'later', id: 'child' })), await message(job.saveMeta())].join('\\n'));
};`;
  const { ran } = await runOnce(space, folder, ['--meta', 'a=1']);
  assert.match(ran.stdout, /is not run by this worker any more; nothing was enqueued\n.*\n?.*not run by this worker any more/s);
  assert.equal(await redis.client.exists(space.key('job:child')), 0);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elements, parseXml } from '../helpers/junit.ts';
import { openProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();

const TASKS = `
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export const ok = (...args) => { console.log('out'); console.error('err'); return { args }; };
export const nothing = () => {};
export const bad = () => { throw new TypeError('no customer'); };
export const flaky = () => { if (process.env.RQT_ATTEMPT === '1') throw new Error('first'); return process.env.RQT_ATTEMPT; };
export const raw = () => void process.stdout.write(Buffer.from([0, 255, 27, 10, 65]));
export const touch = file => writeFileSync(file, '');
export async function forever(file) { writeFileSync(file, ''); await sleep(1e6); }
export function note(job) { writeFileSync(job.meta.file, ''); }
export async function stubborn(file) { process.on('SIGTERM', () => {}); await forever(file); }
`;
const tasks = newFolder({ 't.mjs': TASKS });

function run(space: Space, ...args: string[]) {
  return space.run(['run', ...args, '--path', tasks]);
}

/** Nothing is left of a run: no job, queue or worker. */
async function assertClean(space: Space): Promise<void> {
  assert.deepEqual(await space.keys(), []);
}

test('a task is run here: its output as it is, one line how it ended, nothing left', async () => {
  const space = newSpace(redis);
  const { status, stdout, stderr } = await run(space, 't#ok', 'ann', ':1', 'x=2');
  assert.equal(status, 0);
  assert.equal(stdout, 'out\n');
  assert.match(stderr, /^err\nrqt: finished in \d+.* m?s: \{"args":\["ann",1,\{"x":"2"\}\]\}\n$/);
  await assertClean(space);
});

test('a failed task is 1, with its reason and its own stack, and nothing left', async () => {
  const space = newSpace(redis);
  const { status, stdout, stderr } = await run(space, 't#bad');
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^rqt: failed after .*: TypeError: no customer\n {4}at bad .*t\.mjs:.*\n$/);
  await assertClean(space);
});

test('bytes go through as they are', async () => {
  const { stdout } = await run(newSpace(redis), 't#raw', '--quiet');
  assert.equal(stdout, Buffer.from([0, 255, 27, 10, 65]).toString());
});

test('a task that fails first is tried again here, also after a wait', async () => {
  const space = newSpace(redis);
  const { status, stderr } = await run(space, 't#flaky', '--retry-max', '1', '--retry-interval', '1');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^rqt: attempt 1 failed: Error: first; trying again in 1 s\nrqt: finished in .* \(attempt 2\): "2"\n$/);
  await assertClean(space);
});

test('--timeout ends it', async () => {
  const { status, stderr } = await run(newSpace(redis), 't#forever', join(tasks, 'timed'), '--timeout', '1', '--grace', '0');
  assert.equal(status, 1);
  assert.match(stderr, /ran longer than its timeout of 1 s/);
});

test('a command line has its own exit status', async () => {
  const { status, stderr } = await run(newSpace(redis), 'shell#run', 'exit 7');
  assert.equal(status, 7, stderr);
});

test('--result: stdout is the result alone', async () => {
  const { stdout, stderr } = await run(newSpace(redis), 't#ok', '--result', '--quiet');
  assert.deepEqual([stdout, linesOf(stderr).sort()], ['{"args":[]}\n', ['err', 'out']]);
});

test('--json: stdout is one versioned document', async () => {
  const failed = await run(newSpace(redis), 't#bad', '--json');
  const document = JSON.parse(failed.stdout) as Record<string, unknown>;
  const { version, kind, task, state, exit_status, attempt_count, result } = document;
  assert.deepEqual([version, kind, task, state, exit_status, attempt_count, result], [1, 'run', 't#bad', 'failed', 1, 1, null]);
  assert.match(String(document.error), /^TypeError: no customer\n/);
  const good = JSON.parse((await run(newSpace(redis), 't#ok', '--json')).stdout) as Record<string, unknown>;
  assert.deepEqual([good.state, good.result], ['finished', { args: [] }]);
});

test('--junit and --report tell of it, under the same name in each run', async () => {
  const folder = newFolder();
  const [junit, report] = [join(folder, 'j.xml'), join(folder, 'r.jsonl')];
  assert.equal((await run(newSpace(redis), 't#bad', '--junit', junit, '--report', report)).status, 1);
  const read = parseXml(readFileSync(junit, 'utf8'));
  const names = [...elements(read, 'testsuite'), ...elements(read, 'testcase')].map(({ attributes }) => attributes.name);
  assert.deepEqual(names, ['run', 't#bad()']);
  assert.equal(elements(read, 'failure').length, 1);
  assert.deepEqual(
    linesOf(readFileSync(report, 'utf8')).map(line => (JSON.parse(line) as { kind: string }).kind),
    ['report', 'execution', 'report_totals'],
  );
});

test('a report that cannot be written is 73, and nothing is run', async () => {
  const space = newSpace(redis);
  const { status, stdout } = await run(space, 't#ok', '--junit', '/none/such');
  assert.deepEqual([status, stdout], [73, '']);
  await assertClean(space);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} stops the job, cleans up, and is told by the status`, async () => {
    const space = newSpace(redis);
    const file = join(tasks, signal);
    const running = space.start(['run', 't#forever', file, '--grace', '0', '--path', tasks]);
    await until('the task has begun', () => existsSync(file), 60_000);
    running.child.kill(signal);
    assert.equal((await running.ended).status, signal === 'SIGINT' ? 130 : 143);
    await assertClean(space);
  });
}

test('a run that a signal ends leaves a stopped job with --keep, and its on-stopped callback has run', async () => {
  const space = newSpace(redis);
  const file = join(tasks, 'kept');
  const flags = ['--keep', '--on-stopped', 't#note', '--meta', `file=${file}.note`, '--path', tasks];
  const running = space.start(['run', 't#forever', file, ...flags]);
  await until('the task has begun', () => existsSync(file), 60_000);
  running.child.kill('SIGTERM');
  const { status, stderr } = await running.ended;
  assert.equal(status, 143);
  assert.ok(existsSync(`${file}.note`), stderr);
  const [, id = ''] = /rqt status (\S+)/.exec(stderr) ?? [];
  assert.equal(await space.field(id, 'status'), 'stopped');
});

test('a second Ctrl-C does not wait for the grace period', async () => {
  const space = newSpace(redis);
  const file = join(tasks, 'twice');
  const running = space.start(['run', '-v', 't#stubborn', file, '--grace', '10000', '--path', tasks]);
  await until('the task has begun', () => existsSync(file), 60_000);
  running.child.kill('SIGINT');
  await until('the first one was heard', () => /cold shut down/.test(running.printed.stderr));
  const heardAt = Date.now();
  // Two of them within 0.2 s are one.
  await until('the second one counts', () => Date.now() > heardAt + 300);
  running.child.kill('SIGINT');
  assert.equal((await running.ended).status, 130);
  await assertClean(space);
});

test('Ctrl-C while its job is being claimed: the task does not begin', async () => {
  const space = newSpace(redis);
  const proxy = await openProxy(redis);
  proxy.delay(1000);
  const running = space.start(['run', 't#touch', join(tasks, 'claimed'), '--path', tasks, '--url', proxy.url]);
  // Redis has done it, and its answer is on the way.
  await until('it is claimed', async () => (await redis.client.keys(space.key('wip:*'))).length > 0, 60_000);
  running.child.kill('SIGINT');
  assert.equal((await running.ended).status, 130);
  assert.equal(existsSync(join(tasks, 'claimed')), false);
  await assertClean(space);
});

test('what a killed run has left is removed when its time is over, by the next run', async () => {
  const space = newSpace(redis);
  const file = join(tasks, 'killed');
  const running = space.start(['run', 't#forever', file, '--path', tasks]);
  await until('the task has begun', () => existsSync(file), 60_000);
  running.child.kill('SIGKILL');
  await running.ended;
  const [queue = ''] = await redis.client.zrange(space.key('rqt:runs'), '0', '-1');
  assert.match(queue, /^rqt-run-/);
  // As if ten minutes had gone by: the lease is over, and so is the note.
  await redis.client.zadd(space.key('rqt:runs'), 1, queue);
  for (const member of await redis.client.zrange(space.key(`wip:${queue}`), '0', '-1'))
    await redis.client.zadd(space.key(`wip:${queue}`), 1, member);
  assert.equal((await run(space, 't#nothing')).status, 0);
  // The dead worker's own hash goes in its time, as each worker's.
  const left = (await space.keys()).filter(key => !/:(workers?)(:|$)/.test(key) && !key.includes(':execution:'));
  assert.deepEqual(left, []);
});

test('however many jobs a killed run has left, they are removed at once', async () => {
  const space = newSpace(redis);
  const queue = 'rqt-run-dead';
  await redis.client.zadd(space.key('rqt:runs'), 1, queue);
  await redis.client.sadd(space.key('queues'), space.key(`queue:${queue}`));
  for (let i = 0; i < 250; i += 1) {
    await redis.client.hset(space.key(`job:j${i}`), 'status', 'queued', 'origin', queue);
    await redis.client.rpush(space.key(`queue:${queue}`), `j${i}`);
  }
  // So it is when it was noted as overdue, and nobody was heard.
  const over = Number((await redis.client.time())[0]) - 1;
  await redis.client.zadd(space.key('rqt:runs'), over, queue);
  await redis.client.zadd(space.key('rqt:overdue'), over, `${space.key('rqt:runs')} ${queue}`);
  assert.equal((await run(space, 't#nothing')).status, 0);
  await assertClean(space);
});

test('--keep leaves the job for rqt status', async () => {
  const space = newSpace(redis);
  const { stderr } = await run(space, 't#ok', '--keep');
  const [, id = ''] = /rqt: the job is kept for a day: rqt status (\S+)/.exec(stderr) ?? [];
  assert.match((await space.run(['status', id])).stdout, /finished/);
});

test('suspended workers: 75, said so, nothing left', async () => {
  const space = newSpace(redis);
  await redis.client.set(space.key('suspended'), '1');
  const { status, stderr } = await run(space, 't#ok');
  assert.equal(status, 75);
  assert.match(stderr, /^rqt: all workers are suspended, nothing was run \(end that: rqt resume\)\n$/);
  assert.deepEqual(await space.keys(), [space.key('suspended')]);
});

for (const flags of [
  ['--queue', 'x'],
  ['--schedule-in', '5'],
  ['--result', '--json'],
  ['--quiet', '--verbose'],
  ['--grace', 'x'],
]) {
  test(`${flags.join(' ')} is 64`, async () => {
    const space = newSpace(redis);
    assert.equal((await run(space, 't#ok', ...flags)).status, 64);
    await assertClean(space);
  });
}

test('Redis goes away and a signal comes: the run ends with 128+n, and what it has left is removed later', async () => {
  const own = await startRedis('--appendonly', 'yes');
  const space = newSpace(own);
  const file = join(newFolder({}), 'begun');
  const running = space.start(['run', 't#forever', file, '--grace', '0', '--path', tasks]);
  await until('it runs', () => existsSync(file));
  await own.kill('SIGKILL');
  await until('it tells', () => /connection lost/.test(running.printed.stderr));
  running.child.kill('SIGTERM');
  const { status, stderr } = await running.ended;
  assert.equal(status, 143, stderr);
  assert.match(
    stderr,
    /stopping without it[^\n]*\nrqt: stopped before it had finished\nrqt: what this run has left in Redis will be removed/,
  );
});

for (const [moment, request, status, told] of [
  ['as it is to begin', /{ 'noted' }/, 130, /to begin /],
  ['while the worker registers', /{ 'registered' }/, 130, /to begin /],
  [
    'after the end of the job, before the worker has said goodbye',
    /'death', stamp\(\)/,
    130,
    /rqt: finished after [^\n]+; Redis is away: what it left is not known\n/,
  ],
  [
    'before it has learnt what the job left',
    /\$9\r\nxrevrange\r\n/i,
    130,
    /rqt: finished after [^\n]+; Redis is away: what it left is not known\n/,
  ],
  ['before it has cleaned up', /the rqt run that it waited for is over/, 0, /rqt: finished in [^\n]+\n/],
] as const) {
  test(`Redis goes away ${moment}: the run says that it waits, and Ctrl-C ends it`, async () => {
    const own = await startRedis('--appendonly', 'yes');
    const proxy = await openProxy(own);
    const space = newSpace(own);
    const cut = proxy.cutReply(0, sent => request.test(sent));
    const running = space.start(['run', 't#ok', '--path', tasks], { env: { RQT_REDIS_URL: proxy.url } });
    await cut;
    await own.kill('SIGKILL');
    await until('it tells', () => /rqt: waiting for Redis to [^\n]+ \(Ctrl-C: not waiting\)\n/.test(running.printed.stderr));
    running.child.kill('SIGINT');
    const ran = await running.ended;
    assert.equal(ran.status, status, ran.stderr);
    assert.match(ran.stderr, told);
  });
}

test('a run whose Redis comes back in time waits for it, and knows all', async () => {
  const own = await startRedis('--appendonly', 'yes');
  const proxy = await openProxy(own);
  const space = newSpace(own);
  const cut = proxy.cutReply(0, sent => /'death', stamp\(\)/.test(sent));
  const running = space.start(['run', 't#ok', '--result', '--path', tasks], { env: { RQT_REDIS_URL: proxy.url } });
  await cut;
  await own.kill('SIGKILL');
  await until('it tells', () => /waiting for Redis/.test(running.printed.stderr));
  await own.start();
  const ran = await running.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /rqt: finished in /);
  assert.notEqual(ran.stdout, '');
});

test('Ctrl-C ends a run, too, whose Redis hangs at its end', async () => {
  const own = await startRedis('--appendonly', 'yes');
  const proxy = await openProxy(own);
  const space = newSpace(own);
  let asked = 0;
  proxy.silence(sent => /\$9\r\nxrevrange\r\n/i.test(sent) && ++asked > 0);
  const running = space.start(['run', 't#ok', '--path', tasks], { env: { RQT_REDIS_URL: proxy.url } });
  await until('it asks', () => asked > 0);
  running.child.kill('SIGINT');
  const ran = await running.ended;
  assert.equal(ran.status, 130, ran.stderr);
});

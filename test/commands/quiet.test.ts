import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { dumpKeys } from '../helpers/keyspace.ts';
import { startRedis } from '../helpers/redis.ts';
import { launcher } from '../helpers/rqt.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { newHome } from '../store/fixtures/homes.ts';

const redis = await startRedis();
const SILENT = [0, '', ''];

/** A directory with `rqt` in it, as `npm link` makes one; and the directories of node and redis-server. */
function searchPath(): string {
  const bin = newFolder();
  symlinkSync(launcher, join(bin, 'rqt'));
  return `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
}

/** Runs a line as `env -i` with these variables and nothing else, in a shell without a terminal. */
function runBare(line: string, env: Readonly<Record<string, string>>): Promise<(string | number)[]> {
  return new Promise(resolve => {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const child = execFile('env', ['-i', ...variables, 'sh', '-c', line], { cwd: '/' }, (_, stdout, stderr) =>
      resolve([child.exitCode ?? -1, stdout, stderr]),
    );
  });
}

/** Runs a command with --quiet. */
async function quietly(space: Space, ...args: string[]): Promise<(string | number | null)[]> {
  const { status, stdout, stderr } = await space.run([...args, '--quiet']);
  return [status, stdout, stderr];
}

test('with PATH and HOME alone, the private server not started yet: enqueue and a burst write no byte', async () => {
  const home = newFolder();
  const state = newHome();
  mkdirSync(join(home, '.local/state'), { recursive: true });
  symlinkSync(state, join(home, '.local/state/rqt'));
  const env = { PATH: searchPath(), HOME: home };
  const lines = Array.from({ length: 5 }, () => runBare('rqt enqueue --quiet --once-per 1d hello#hello', env));
  assert.deepEqual(await Promise.all(lines), Array(5).fill(SILENT));
  const [status, id, stderr] = await runBare('rqt enqueue --once-per 1d hello#hello', env);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(String(id), /^[0-9a-f-]{36}\n$/);
  assert.deepEqual(await runBare('rqt worker --burst --quiet', env), SILENT);
  assert.match(String((await runBare(`rqt status ${id}`, env))[1]), /finished/);
});

test('without HOME, with PATH and a URL alone, it works, too', async () => {
  const { namespace } = newSpace(redis);
  const env = { PATH: searchPath(), RQT_REDIS_URL: redis.url, RQT_NAMESPACE: namespace };
  assert.deepEqual(await runBare('rqt enqueue --quiet m#f', env), SILENT);
  const [status, id, stderr] = await runBare('rqt enqueue m#f', env);
  assert.deepEqual([status, String(id).length, stderr], [0, 37, '']);
});

test('output to a file, input from nowhere, streams that are closed: an id, or nothing at all', async () => {
  const { namespace } = newSpace(redis);
  const folder = newFolder();
  const env = { PATH: searchPath(), RQT_REDIS_URL: redis.url, RQT_NAMESPACE: namespace };
  assert.deepEqual(await runBare(`rqt enqueue m#f >${folder}/out 2>&1 </dev/null`, env), SILENT);
  assert.match(readFileSync(join(folder, 'out'), 'utf8'), /^[0-9a-f-]{36}\n$/);
  assert.deepEqual(await runBare(`rqt enqueue --quiet m#f >${folder}/quiet 2>&1 <&-`, env), SILENT);
  assert.equal(readFileSync(join(folder, 'quiet'), 'utf8'), '');
  assert.deepEqual(await runBare('rqt enqueue m#f >&- 2>&-', env), SILENT);
  assert.deepEqual(await runBare('rqt enqueue --quiet m#f | cat', env), SILENT);
  assert.deepEqual(await runBare('printf "a\\nb\\n" | rqt enqueue --quiet m#f --lines - | cat', env), SILENT);
  assert.equal(await redis.client.llen(`${namespace}:queue:default`), 6);
});

test('enqueue --quiet is silent whenever it ends with 0: a new job, one that there is, a slot that is left out', async () => {
  const space = newSpace(redis);
  for (const flags of [[], ['--unique'], ['--unique'], ['--once-per', '1d'], ['--once-per', '1d']]) {
    assert.deepEqual(await quietly(space, 'enqueue', 'm#f', ...flags), SILENT, flags.join(' '));
  }
});

for (const [args, expected] of [
  [['enqueue', 'm#f', '--job-id', 'X'], 1],
  [['enqueue', 'm#f', '--max-depth', '1'], 75],
  [['enqueue', 'm#f', '--once-per', '7m'], 64],
  [['enqueue', 'm#f', ':{'], 65],
  [['enqueue', 'm#f', '--lines', '/nowhere'], 66],
  [['enqueue', 'm#f', '--url', 'unix:///nowhere/redis.sock'], 69],
  [['cancel', 'unknown'], 66],
  [['stop', 'X'], 1],
  [['requeue', 'X'], 1],
  [['delete', 'unknown'], 66],
  [['empty', 'unknown'], 66],
  [['suspend', 'unknown'], 66],
  [['kill', 'unknown'], 66],
  [['wait', 'X', '--timeout', '1s'], 75],
] as const) {
  test(`${args.join(' ')} --quiet writes one line on stderr and ends with ${expected}`, async () => {
    const space = newSpace(redis);
    await space.enqueue('m#f', '--job-id', 'X');
    const [status, stdout, stderr] = await quietly(space, ...args);
    assert.deepEqual([status, stdout], [expected, '']);
    assert.match(String(stderr), /^rqt: [^\n]+\n$/);
  });
}

test('worker --burst --quiet is silent about jobs that go well, whatever they write, and tells what failed', async () => {
  const space = newSpace(redis);
  const path = newFolder({ 'talk.mjs': 'export const talk = () => { console.log("out"); console.error("err"); };' });
  assert.deepEqual(await quietly(space, 'worker', '--burst'), SILENT);
  await space.enqueue('talk#nothing');
  await space.enqueue('talk#talk');
  const ran = await quietly(space, 'worker', '--burst', '--path', path);
  assert.deepEqual([ran[0], ran[1]], [1, '']);
  assert.match(String(ran[2]), /talk/);
  await space.enqueue('talk#talk');
  assert.deepEqual(await quietly(space, 'worker', '--burst', '--path', path), SILENT);
});

test('commands that change something print nothing with --quiet', async () => {
  const space = newSpace(redis);
  await space.enqueue('m#f', '--job-id', 'X');
  assert.deepEqual(await quietly(space, 'suspend'), SILENT);
  await space.run(['suspend', 'default']);
  assert.deepEqual(await quietly(space, 'resume'), SILENT);
  assert.deepEqual(await quietly(space, 'resume', 'default'), SILENT);
  assert.deepEqual(await quietly(space, 'cancel', 'X'), SILENT);
  assert.deepEqual(await quietly(space, 'cancel', 'X'), SILENT);
  assert.deepEqual(await quietly(space, 'requeue', 'X'), SILENT);
  assert.equal(await space.field('X', 'status'), 'queued');
  assert.deepEqual(await quietly(space, 'requeue', '--all'), SILENT);
  assert.deepEqual(await quietly(space, 'empty', 'default'), SILENT);
  await space.enqueue('m#f', '--job-id', 'Y');
  assert.deepEqual(await quietly(space, 'delete', 'Y'), SILENT);
  assert.deepEqual(await quietly(space, 'shutdown', '--all'), SILENT);
  assert.equal(await redis.client.llen(space.key('queue:default')), 0);
});

for (const args of [
  ['enqueue', 'm#f'],
  ['enqueue', 'm#f', '--lines', '-'],
  ['enqueue', 'm#f', '--wait'],
  ['cancel', 'X'],
  ['stop', 'X'],
  ['requeue', 'X'],
  ['delete', 'X'],
  ['empty', 'default'],
  ['suspend'],
  ['resume'],
  ['kill', 'w'],
  ['shutdown', '--all'],
  ['wait', 'X'],
  ['cron', 'add', 'daily', '@daily', 'm#f'],
  ['cron', 'run', 'nightly'],
  ['cron', 'pause', 'nightly'],
  ['cron', 'resume', 'nightly'],
  ['cron', 'remove', 'nightly'],
  ['cron', 'apply', '-', '--allow-empty'],
]) {
  test(`${args.join(' ')} --quiet --json is refused with 64, and does nothing`, async () => {
    const space = newSpace(redis);
    await space.enqueue('m#f', '--job-id', 'X');
    await space.run(['cron', 'add', 'nightly', '@yearly', 'm#f']);
    const before = await dumpKeys(redis.client, space.namespace);
    const told = 'rqt: --quiet prints nothing and --json prints JSON: give one of them\n';
    assert.deepEqual(await quietly(space, ...args, '--json'), [64, '', told]);
    assert.deepEqual(await dumpKeys(redis.client, space.namespace), before);
  });
}

test('on a terminal --quiet draws no progress, either', async t => {
  const { namespace } = newSpace(redis);
  const env = { PATH: searchPath(), RQT_REDIS_URL: redis.url, RQT_NAMESPACE: namespace, TERM: 'xterm' };
  const lines = (flags: string) => runBare(`script -qec "seq 50000 | rqt enqueue m#f --lines - ${flags}" /dev/null`, env);
  if ((await runBare('script -qec true /dev/null', env))[0] !== 0) return t.skip('there is no script(1) that takes -e');
  assert.deepEqual(await lines('--quiet'), SILENT);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { elements, parseXml } from '../helpers/junit.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();
const folder = newFolder({
  'own.mjs': "export const bad = () => { throw new TypeError('my own', { cause: new Error('why') }); };",
});

/** A task that ships with rqt, its arguments, and its reason in full. */
const FAILING = [
  [['shell#run', 'exit 3'], 'exit status 3: exit 3'],
  [['shell#run', 'echo a\nexit 4'], 'exit status 4: echo a exit 4'],
  [['shell#exec', '/no/such'], '/no/such cannot be started: spawn /no/such ENOENT'],
  [['checksum#sha256', '/nope'], '/nope does not exist'],
  [['http#get', 'http://127.0.0.1:1/'], 'GET http://127.0.0.1:1/ failed: requests to this port are not allowed'],
  [['http#get', 'http://127.0.0.1:1/', 'headers:={"a b":"c"}'], null],
  [['hello#workat'], 'TypeError: workat needs a name: rqt enqueue hello#workat yangyi'],
  [['checksum#sha256'], 'TypeError: a path is needed: rqt enqueue checksum#sha256 README.md'],
  [['checksum#lines', ':1'], 'TypeError: a path is needed: rqt enqueue checksum#sha256 README.md'],
] as const;

test('a task that ships with rqt fails with one reason, and without lines of rqt, in status, log and JUnit', async () => {
  const space = newSpace(redis);
  const ids: string[] = [];
  for (const [call] of FAILING) ids.push(await space.enqueue(...call));
  const junit = join(folder, 'junit.xml');
  const { stderr } = await space.run(['worker', '--burst', '--allow-shell', '--junit', junit, '--path', folder]);
  const reported = elements(parseXml(readFileSync(junit, 'utf8')), 'failure');
  assert.equal(reported.length, FAILING.length);
  for (const [index, [, reason]] of FAILING.entries()) {
    const { stdout } = await space.run(['status', '--json', ids[index] ?? '']);
    const { error } = JSON.parse(stdout);
    if (reason !== null) {
      assert.equal(error, reason);
      assert.ok(stderr.includes(reason), reason);
      assert.equal(reported[index]?.attributes.message, reason);
    }
    assert.equal(linesOf(error).length, 1, error);
  }
  assert.doesNotMatch(stderr + readFileSync(junit, 'utf8'), /^ +at |cause:/m);
});

test('a worker that allows no commands says what to start, and nothing else', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('shell#run', 'true');
  await space.run(['worker', '--burst']);
  const { error } = JSON.parse((await space.run(['status', '--json', id])).stdout);
  assert.equal(error, 'this worker runs no shell commands; start the worker with --allow-shell to let jobs run any command here');
});

test("a user's own task keeps its stack, and its cause", async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('own#bad');
  await space.run(['worker', '--burst', '--path', folder]);
  const { error } = JSON.parse((await space.run(['status', '--json', id])).stdout);
  assert.match(error, /^TypeError: my own\n {4}at .*own\.mjs:1:\d+\)?\ncause: Error: why\n {4}at .*own\.mjs/);
});

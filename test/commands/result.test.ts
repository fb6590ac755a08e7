import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';

const redis = await startRedis();
const path = newFolder({
  'gives.mjs': `
    export const text = () => 'héllo "you"\\n';
    export const list = () => [1, { b: null }];
    export const nothing = () => {};
    export const unkept = () => new Map();
    export const fails = () => { throw new Error('no such customer'); };
  `,
});

/** The id of a job that has run. */
async function done(space: Space, fn: string, ...flags: string[]): Promise<string> {
  const id = await space.enqueue(`gives#${fn}`, ...flags);
  await space.run(['worker', '--burst', '--quiet', '--path', path]);
  return id;
}

const RESULTS: [what: string, fn: string, flags: string[], stdout: string][] = [
  ['a text is JSON', 'text', [], '"héllo \\"you\\"\\n"\n'],
  ['a text is itself with --raw', 'text', ['--raw'], 'héllo "you"\n'],
  ['a list is compact in a pipe', 'list', [], '[1,{"b":null}]\n'],
  ['what is no text is JSON with --raw, too', 'list', ['--raw'], '[1,{"b":null}]\n'],
  ['nothing is null', 'nothing', [], 'null\n'],
];
for (const [what, fn, flags, stdout] of RESULTS) {
  test(`result: ${what}`, async () => {
    const space = newSpace(redis);
    const id = await done(space, fn);
    assert.deepEqual(await space.run(['result', ...flags, id]), { status: 0, signal: null, stdout, stderr: '' });
  });
}

test('a result that could not be kept is 1, with the reason', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['result', await done(space, 'unkept')]);
  assert.deepEqual([ran.status, ran.stdout], [1, '']);
  assert.match(ran.stderr, /has finished, but its result was not kept: .*Map/);
});

test('a failed job has no result: 1, with its reason in one line', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['result', await done(space, 'fails')]);
  assert.deepEqual([ran.status, ran.stdout], [1, '']);
  assert.match(ran.stderr, /^rqt: job \S+ has no result, it is failed: Error: no such customer \(all of it: rqt status \S+\)\n$/);
});

test('a canceled job has no result: 1, with its reason', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('gives#text');
  await space.run(['cancel', id]);
  const ran = await space.run(['result', id]);
  assert.deepEqual([ran.status, ran.stdout], [1, '']);
  assert.match(ran.stderr, /it is canceled: canceled by a user/);
});

test('a job that has not finished yet is 75, with its state', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('gives#text');
  const ran = await space.run(['result', id]);
  assert.deepEqual([ran.status, ran.stdout], [75, '']);
  assert.match(ran.stderr, new RegExp(`job ${id} is queued, it has not finished yet \\(wait for it: rqt wait ${id}\\)`));
});

test('an integer that JavaScript cannot hold is passed on to its last digit, and NaN, which is no JSON, as text', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'nothing');
  const value = Buffer.from('[12345678901234567890, NaN]').toString('base64');
  await redis.client.xadd(space.key(`results:${id}`), '*', 'type', '1', 'return_value', value);
  assert.equal((await space.run(['result', id])).stdout, '[12345678901234567890,"NaN"]\n');
});

test('a pickled result is read when it is plain data, and else said to be none', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'nothing');
  const leave = (pickle: string) =>
    redis.client.xadd(
      space.key(`results:${id}`),
      '*',
      'type',
      '1',
      'return_value',
      Buffer.from(pickle, 'latin1').toString('base64'),
    );
  await leave('\x80\x04](K*\x8c\x02hie.');
  assert.equal((await space.run(['result', id])).stdout, '[42,"hi"]\n');
  await leave('\x80\x04cdecimal\nDecimal\n\x8c\x031.5\x85R.');
  const ran = await space.run(['result', id]);
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /it is a pickle that holds more than plain data \(decimal\.Decimal\)/);
});

test('an unknown id is 66, a malformed one 64', async () => {
  const space = newSpace(redis);
  assert.equal((await space.run(['result', 'nope'])).status, 66);
  assert.equal((await space.run(['result', 'a b'])).status, 64);
});

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatBytes } from '../../src/bytes.ts';
import { startRedis } from '../helpers/redis.ts';
import { linesOf, newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

const redis = await startRedis();
const path = newFolder({
  'writes.mjs': `
    import { existsSync } from 'node:fs';
    const untilExists = async file => { while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 10)); };
    export const both = () => { for (let i = 0; i < 5; i++) { console.log('out ' + i); console.error('err ' + i); } };
    export const gate = async file => { console.log('begun'); await untilExists(file); console.log('ended'); };
    export const flood = count => { for (let i = 0; i < count; i++) process.stdout.write('line ' + i + '\\n'); };
    export const again = async file => { console.log('attempt'); if (!existsSync(file)) { const { writeFileSync } = await import('node:fs'); writeFileSync(file, ''); throw new Error('once more'); } };
    export const odd = () => { process.stdout.write(Buffer.from([0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x0d])); };
  `,
});

const worker = ['worker', '--burst', '--quiet', '--path', path];

async function done(space: Space, ...call: string[]): Promise<string> {
  const id = await space.enqueue(...call);
  await space.run(worker);
  return id;
}

test('what a job wrote to stdout goes to stdout, what it wrote to stderr to stderr, each in its order', async () => {
  const space = newSpace(redis);
  const ran = await space.run(['logs', await done(space, 'writes#both')]);
  assert.deepEqual(ran, {
    status: 0,
    signal: null,
    stdout: 'out 0\nout 1\nout 2\nout 3\nout 4\n',
    stderr: 'err 0\nerr 1\nerr 2\nerr 3\nerr 4\n',
  });
});

test('--stream shows one of them', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'writes#both');
  const ran = await space.run(['logs', '--stream', 'stderr', id]);
  assert.deepEqual([ran.stdout, linesOf(ran.stderr).length], ['', 5]);
  assert.equal((await space.run(['logs', '--stream', 'both', id])).status, 64);
});

test('--json prints lines with the stream and the text', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'writes#both');
  const { stdout, stderr } = await space.run(['logs', '--json', id]);
  const documents = linesOf(stdout).map(line => JSON.parse(line));
  assert.equal(stderr, '');
  assert.equal(
    documents
      .filter(({ stream }) => stream === 'stderr')
      .map(({ text }) => text)
      .join(''),
    'err 0\nerr 1\nerr 2\nerr 3\nerr 4\n',
  );
  const { version, kind, cut_before } = documents[0];
  assert.deepEqual([version, kind, documents[0].id, cut_before], [1, 'output', id, 0]);
});

test('of a flood the beginning and the end are printed, and the cut is marked between them', async () => {
  const space = newSpace(redis);
  const count = 40_000;
  const id = await done(space, 'writes#flood', `:${count}`);
  const { stdout } = await space.run(['logs', id]);
  const pieces = linesOf((await space.run(['logs', '--json', id])).stdout).map(line => JSON.parse(line));
  const cutBytes = pieces.reduce((sum, { cut_before }) => sum + cut_before, 0);
  const all = Array.from({ length: count }, (_, i) => `line ${i}\n`).join('');
  const [head = '', cut, tail = ''] = stdout.split(/\n?… ([\d.]+ KiB) were cut here …\n/);
  assert.ok(all.startsWith(head) && all.endsWith(tail) && stdout.length < 66_000);
  assert.equal(cut, formatBytes(cutBytes));
  assert.equal(all.length - cutBytes - tail.length, 32 * 1024);
});

test('bytes reach a pipe as they were written', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'writes#odd');
  const ran = await space.run(['logs', '--json', id]);
  assert.doesNotMatch(ran.stdout, /\x1b|\r/);
  assert.match((await space.run(['logs', id])).stdout, /\x1b\[2J\r$/);
});

test('-f waits for a queued job, shows what it writes while it runs, and ends with it', async () => {
  const space = newSpace(redis);
  const file = `${newFolder()}/gate`;
  const id = await space.enqueue('writes#gate', file);
  const following = space.start(['logs', '-f', id]);
  await until('it follows', async () => /cmd=xread/.test(String(await redis.client.call('CLIENT', 'LIST'))));
  const working = space.start(worker);
  await until('the first line is shown while the job runs', () => following.printed.stdout === 'begun\n');
  assert.equal(await space.field(id, 'status'), 'started');
  writeFileSync(file, '');
  const ran = await following.ended;
  assert.deepEqual(ran, { status: 0, signal: null, stdout: 'begun\nended\n', stderr: '' });
  await working.ended;
});

test('-f goes on when a job is retried, and shows each attempt whole', async () => {
  const space = newSpace(redis);
  const id = await space.enqueue('writes#again', `${newFolder()}/once`, '--retry-max', '1');
  const following = space.start(['logs', '--follow', id]);
  await until('it follows', async () => /cmd=xread/.test(String(await redis.client.call('CLIENT', 'LIST'))));
  await space.run(worker);
  const ran = await following.ended;
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, /^(attempt\n){1,2}$/);
  assert.equal((await space.run(['logs', id])).stdout, 'attempt\n');
});

test('-f of a job that has ended prints all and ends', async () => {
  const space = newSpace(redis);
  const id = await done(space, 'writes#both');
  assert.equal((await space.run(['logs', '-f', id])).stdout, 'out 0\nout 1\nout 2\nout 3\nout 4\n');
});

test('Ctrl-C ends -f with 130', async () => {
  const space = newSpace(redis);
  const following = space.start(['logs', '-f', await space.enqueue('writes#both')]);
  await until('it follows', async () => /cmd=xread/.test(String(await redis.client.call('CLIENT', 'LIST'))));
  following.child.kill('SIGINT');
  assert.equal((await following.ended).status, 130);
});

test('an unknown id is 66', async () => {
  const space = newSpace(redis);
  for (const flags of [[], ['-f']]) assert.equal((await space.run(['logs', ...flags, 'nope'])).status, 66);
});

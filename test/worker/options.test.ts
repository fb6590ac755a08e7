import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { launcher, projectRoot, rqt } from '../helpers/rqt.ts';
import { openStage } from './stage.ts';

const stage = await openStage();
const { put, burst, redis } = stage;
beforeEach(() => redis.client.flushall());

test('--max-jobs ends the worker after so many jobs; the rest stays queued', async () => {
  const ids = [await put('quick#nothing'), await put('quick#nothing'), await put('quick#nothing')];
  const worker = await stage.start('--max-jobs', '2');
  const ran = await worker.ended;
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /reached its number of jobs, quitting \(2 jobs done, 0 failed\)/);
  assert.deepEqual(await redis.client.lrange('rq:queue:default', 0, -1), [ids[2]]);
});

test('an executor stays warm between clean jobs', async () => {
  const ids = [await put('quick#pid'), await put('quick#pid'), await put('quick#pid')];
  await burst();
  assert.equal(new Set(await results(ids)).size, 1);
});

test('--isolate gives every job an executor of its own', async () => {
  const ids = [await put('quick#pid'), await put('quick#pid'), await put('quick#pid')];
  await burst('--isolate');
  assert.equal(new Set(await results(ids)).size, 3);
});

test('--path says where tasks are found, in its order', async () => {
  const folders = ['one', 'two'].map(name => stage.path(name));
  for (const [i, folder] of folders.entries()) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'which.mjs'), `export const one = () => ${i + 1};`);
    writeFileSync(join(folder, `only${i + 1}.mjs`), `export const it = () => ${i + 1};`);
  }
  const ids = [await put('which#one'), await put('only1#it'), await put('only2#it')];
  const ran = await burst('--path', folders[0] ?? '', '--path', folders[1] ?? '');
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await results(ids), [1, 1, 2]);
});

test('without --path tasks are found in the working directory and its tasks folder', async () => {
  const folder = stage.path('cwd');
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(join(folder, 'here.mjs'), 'export const it = () => "here";');
  writeFileSync(join(folder, 'tasks', 'there.mjs'), 'export const it = () => "there";');
  const ids = [await put('here#it'), await put('there#it'), await put('hello#hello', { args: ['yangyi'] })];
  const ran = await rqt(['worker', '--burst'], { cwd: folder, env: { RQT_REDIS_URL: redis.url } });
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await results(ids), ['here', 'there', ['yangyi', '192.168.0.1', 1024]]);
});

test('--path finds what that folder has as the working directory', async () => {
  const folder = stage.path('project');
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(join(folder, 'tasks', 'deep.mjs'), 'export const it = () => "deep";');
  const ids = [await put('deep#it'), await put('tasks/deep#it')];
  const ran = await burst('--path', folder);
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(await results(ids), ['deep', 'deep']);
});

test('a working directory that is gone is 66: no executor could start there', async () => {
  const program = stage.path('from-a-gone-folder.mjs');
  const gone = JSON.stringify(stage.path('gone'));
  writeFileSync(
    program,
    `import { mkdirSync, rmdirSync } from 'node:fs';
mkdirSync(${gone});
process.chdir(${gone});
rmdirSync(${gone});
await import(${JSON.stringify(pathToFileURL(launcher).href)});
`,
  );
  for (const args of [['worker'], ['worker', '--path', projectRoot], ['run', 'hello#hello']]) {
    const ran = await rqt(args, { program, env: { RQT_REDIS_URL: redis.url } });
    const told = 'rqt: the working directory is gone (a deploy may have replaced it): cd to one that there is\n';
    assert.deepEqual([ran.status, ran.stderr], [66, told], args.join(' '));
  }
});

test('a --path that is no directory is refused with 66', async () => {
  assert.equal((await burst('--path', '/no/such/folder')).status, 66);
});

test('--pid writes the process id and removes the file at the end', async () => {
  const file = stage.path('pid');
  const worker = await stage.start('--pid', file);
  assert.equal(readFileSync(file, 'utf8'), `${worker.child.pid}\n`);
  worker.child.kill();
  await worker.ended;
  assert.equal(existsSync(file), false);
});

test('a --pid file that cannot be written is 73, and nothing is started', async () => {
  const id = await put('quick#nothing');
  const ran = await burst('--pid', '/no/such/folder/pid');
  assert.equal(ran.status, 73);
  assert.equal(ran.stderr, 'rqt: --pid /no/such/folder/pid: it cannot be written: there is no such directory\n');
  assert.deepEqual(await stage.places(id), ['queue:default']);
});

test('a --name that a living worker has is 75', async () => {
  const worker = await stage.start('--name', 'mine');
  const ran = await burst('--name', 'mine');
  assert.equal(ran.status, 75);
  assert.match(ran.stderr, /^rqt: a worker named mine is alive/);
  worker.child.kill();
  await worker.ended;
  assert.equal((await burst('--name', 'mine')).status, 0);
});

test('workers without a --name have different ones', async () => {
  const workers = await Promise.all([stage.start(), stage.start()]);
  assert.equal((await redis.client.smembers('rq:workers')).length, 2);
  for (const { child } of workers) child.kill();
  await Promise.all(workers.map(({ ended }) => ended));
});

test('--result-ttl is for jobs that say nothing themselves', async () => {
  const silent = await put('quick#nothing');
  const own = await put('quick#nothing', { fields: { result_ttl: 300 } });
  const ran = await burst('--result-ttl', '1h');
  assert.match(ran.stderr, /Result is kept for 3600 seconds/);
  assert.ok((await redis.client.ttl(`rq:job:${silent}`)) > 3500);
  assert.ok((await redis.client.ttl(`rq:job:${own}`)) <= 300);
});

test('wrong values of flags are refused with 64', async () => {
  for (const args of [
    ['--max-jobs', '0'],
    ['--max-jobs', 'x'],
    ['--grace', '-1'],
    ['--max-idle-time', '0'],
    ['--name', 'a b'],
    ['a,b'],
  ])
    assert.equal((await burst(...args)).status, 64, args.join(' '));
});

test('shell jobs run only with --allow-shell', async () => {
  const refused = await put('shell#run', { args: ['echo hi'] });
  assert.equal((await burst()).status, 1);
  assert.match((await stage.status(refused)).error ?? '', /--allow-shell/);
  const id = await put('shell#run', { args: ['echo hi; echo ho >&2'] });
  const ran = await burst('--allow-shell');
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, / \| hi\n$/);
  assert.equal((await stage.status(id)).stderr, 'ho\n');
});

async function results(ids: readonly string[]): Promise<unknown[]> {
  return Promise.all(ids.map(async id => (await stage.status(id)).result));
}

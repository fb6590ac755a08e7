import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolders } from '../src/folders.ts';
import { rqt } from './helpers/rqt.ts';
import { newFolder } from './helpers/space.ts';

test('folders are made with those above them, for their user alone, and taken when they are there', () => {
  const root = newFolder();
  const deep = join(root, 'a/b/c');
  for (let time = 0; time < 2; time += 1) makeFolders(deep);
  for (const path of [deep, join(root, 'a/b'), join(root, 'a')]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
  symlinkSync(deep, join(root, 'link'));
  makeFolders(join(root, 'link'));
  makeFolders(join(root, 'link/d'));
  assert.ok(statSync(join(deep, 'd')).isDirectory());
  makeFolders('/');
});

test('what is in the way of a folder is named', () => {
  const root = newFolder({ file: '' });
  const file = join(root, 'file');
  assert.throws(() => makeFolders(file), { message: `${file} is not a directory`, code: 'EEXIST' });
  assert.throws(() => makeFolders(join(file, 'a/b')), { message: `${file} is not a directory` });
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
  assert.throws(() => makeFolders(join(root, 'dangling/a')), { message: `${join(root, 'dangling')} is not a directory` });
});

test('a file system that takes no folders is an error, not a hang', { skip: process.platform !== 'linux' }, () => {
  assert.throws(() => makeFolders('/proc/x/y'), { message: /^\/proc\/x cannot be made: / });
});

const file = join(newFolder({ file: '' }), 'file');
const noServer = 'redis://127.0.0.1:1';

/** The variables, and the folder that the line names. */
const HOMES: readonly (readonly [env: Readonly<Record<string, string>>, home: string])[] = [
  [{ RQT_HOME: file }, file],
  [{ RQT_HOME: join(file, 'a') }, join(file, 'a')],
  [{ HOME: '/dev/null' }, '/dev/null/.local/state/rqt'],
  ...(process.platform === 'linux' ? [[{ RQT_HOME: '/proc/x' }, '/proc/x'] as const] : []),
];

for (const [env, home] of HOMES) {
  const named = Object.entries(env).join().replace(',', '=');
  test(`${named}: what needs the private Redis is 78, and the line names the folder and what to do`, async () => {
    for (const args of [['info'], ['enqueue', 'm#f'], ['enqueue', 'm#f', '--spool'], ['worker', '--burst']]) {
      const ran = await rqt(args, { env: { XDG_STATE_HOME: undefined, ...env } });
      assert.deepEqual([ran.status, ran.stdout], [78, ''], args.join(' '));
      assert.match(ran.stderr, /^rqt: [^\n]+\. Set RQT_HOME to another one, or RQT_REDIS_URL to a Redis\n$/);
      assert.ok(ran.stderr.startsWith(`rqt: the directory ${home} of the private Redis cannot be used: `), ran.stderr);
    }
  });

  test(`${named}: a job that cannot be kept in the spool is 73`, async () => {
    const ran = await rqt(['enqueue', 'm#f', '--spool', '--url', noServer], { env: { XDG_STATE_HOME: undefined, ...env } });
    assert.deepEqual([ran.status, ran.stdout], [73, '']);
    assert.match(ran.stderr, /^rqt: [^\n]+; and job \S+ cannot be kept in [^\n]+ \(RQT_HOME can name another directory\)\n$/);
  });
}

test('a folder that others use is not closed to them: 78, and it is left as it is', async () => {
  const shared = newFolder({ theirs: '' });
  chmodSync(shared, 0o1777);
  const ran = await rqt(['enqueue', 'm#f'], { env: { RQT_HOME: shared } });
  assert.deepEqual([ran.status, ran.stdout, statSync(shared).mode & 0o7777, readdirSync(shared)], [78, '', 0o1777, ['theirs']]);
  assert.match(
    ran.stderr,
    /cannot be used: others may enter it \(mode 1777\), and it holds more than rqt's own files\. Set RQT_HOME/,
  );
});

test('an empty folder of the user is taken, and closed to others', async () => {
  const home = newFolder();
  chmodSync(home, 0o755);
  const env = { RQT_HOME: home };
  try {
    assert.equal((await rqt(['enqueue', 'm#f'], { env })).status, 0);
    assert.equal(statSync(home).mode & 0o777, 0o700);
  } finally {
    await rqt(['redis', 'stop'], { env });
  }
});

test('a Redis that is not there: the line says what to do, after whatever named it', async () => {
  const fromFlag = await rqt(['info', '--url', noServer]);
  const fromVariable = await rqt(['info'], { env: { REDIS_URL: noServer } });
  const end = (name: string) =>
    `(from ${name}) cannot be reached: connect ECONNREFUSED 127.0.0.1:1 (start it, or correct ${name})\n`;
  assert.deepEqual([fromFlag.status, fromVariable.status], [69, 69]);
  assert.equal(fromFlag.stderr, `rqt: Redis at ${noServer} ${end('--url')}`);
  assert.equal(fromVariable.stderr, `rqt: Redis at ${noServer} ${end('REDIS_URL')}`);
});

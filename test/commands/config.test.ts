import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { projectRoot, rqt } from '../helpers/rqt.ts';
import { newFolder, newSpace } from '../helpers/space.ts';

const redis = await startRedis();

interface Document {
  readonly files: readonly string[];
  readonly settings: readonly {
    readonly key: string;
    readonly value: unknown;
    readonly source: { readonly kind: string; readonly name: string; readonly line: number | null };
  }[];
}

test('the nearest file upwards and the user’s are both read; each value says where it comes from', async () => {
  const { project, home, env } = newProject(
    'namespace = "shop"\n\n[queues.reports]\ntimeout = "1h"\n',
    'timeout = "5m"\nttl = "1d"\n',
  );
  const deep = join(project, 'a', 'b');
  mkdirSync(deep, { recursive: true });
  const { stdout, status } = await rqt(['config', '--json', '--url', 'redis://me:secret@host'], {
    cwd: deep,
    env: { ...env, RQT_TTL: '2d', RQT_PATH: 'x:y' },
  });
  assert.equal(status, 0);
  const { files, settings } = JSON.parse(stdout) as Document;
  const near = join(project, 'rqt.toml');
  const user = join(home, '.config/rqt/rqt.toml');
  assert.deepEqual(files, [near, user]);
  const of = (key: string) => settings.find(setting => setting.key === key);
  const file = (name: string, line: number) => ({ kind: 'file', name, line });
  assert.deepEqual(of('url'), {
    ...of('url'),
    value: 'redis://me:***@host',
    source: { kind: 'flag', name: '--url', line: null },
  });
  assert.deepEqual(of('namespace'), { ...of('namespace'), value: 'shop', source: file(near, 1) });
  assert.deepEqual(of('queues.reports.timeout'), { ...of('queues.reports.timeout'), value: '1h', source: file(near, 4) });
  assert.deepEqual(of('enqueue.timeout'), { ...of('enqueue.timeout'), value: '5m', source: file(user, 1) });
  assert.deepEqual(of('enqueue.ttl'), {
    ...of('enqueue.ttl'),
    value: '2d',
    source: { kind: 'variable', name: 'RQT_TTL', line: null },
  });
  assert.deepEqual(of('worker.path')?.value, ['x', 'y']);
  assert.deepEqual(of('worker.grace'), {
    ...of('worker.grace'),
    value: '5s',
    source: { kind: 'default', name: 'default', line: null },
  });
});

test('the table has passwords masked, wherever they come from', async () => {
  const { project, env } = newProject('url = "redis://:secret@host"');
  const { stdout } = await rqt(['config'], { cwd: project, env });
  assert.match(stdout, /^url +redis:\/\/:\*\*\*@host +\/.*\/rqt\.toml:1$/m);
  assert.match(stdout, /^worker\.grace +5s +default$/m);
  const other = await rqt(['config'], { cwd: project, env: { ...env, REDIS_URL: 'redis://:secret@other' } });
  assert.match(other.stdout, /^url +redis:\/\/:\*\*\*@other +REDIS_URL$/m);
  assert.doesNotMatch(stdout + other.stdout, /secret/);
});

test('with a key it prints the value alone, 1 where there is none, 64 where there is no such setting', async () => {
  const { project, env } = newProject('ttl = 5\n[queues.reports]\ntimeout = "1h"\n[worker]\npath = ["/a", "/b"]\n');
  const ask = (...args: string[]) => rqt(['config', ...args], { cwd: project, env });
  const [bare, whole, queue, other, list, none, two, wrong] = await Promise.all([
    ask('timeout'),
    ask('enqueue.ttl'),
    ask('queues.reports.timeout'),
    ask('queues.mail.ttl'),
    ask('worker.path'),
    ask('enqueue.group'),
    ask('result-ttl'),
    ask('timeuot'),
  ]);
  assert.deepEqual(
    [bare, whole, queue, other, list].map(ran => ran.stdout),
    ['180s\n', '5\n', '1h\n', '5\n', '/a\n/b\n'],
  );
  assert.deepEqual([none.status, none.stdout], [1, '']);
  assert.equal(two.status, 64);
  assert.match(two.stderr, /say enqueue\.result-ttl or worker\.result-ttl/);
  assert.equal(wrong.status, 64);
  assert.match(wrong.stderr, /there is no setting 'timeuot'; did you mean timeout\?/);
});

test('an enqueue takes what its queue, the command and the variables say; flags go first', async () => {
  const space = newSpace(redis);
  const { project, env } = newProject(
    '[enqueue]\nqueue = "mail"\nresult-ttl = 60\n[queues.mail]\ntimeout = "1h"\nretry-max = 3\nretry-interval = [10, 20, 30]\nat-front = true\n',
  );
  const enqueue = async (extra: Record<string, string>, ...args: string[]) => {
    const ran = await space.run(['enqueue', 'hello#hello', ...args], { cwd: project, env: { ...env, ...extra } });
    assert.equal(ran.status, 0, ran.stderr);
    const names = ['origin', 'timeout', 'result_ttl', 'retries_left', 'retry_intervals'];
    return Promise.all(names.map(name => space.field(ran.stdout.trim(), name)));
  };
  const all = '[10,20,30]';
  assert.deepEqual(await enqueue({}), ['mail', '3600', '60', '3', all]);
  assert.deepEqual(await enqueue({ RQT_TIMEOUT: '2h' }), ['mail', '7200', '60', '3', all]);
  assert.deepEqual(await enqueue({ RQT_TIMEOUT: '2h' }, '--timeout', '5'), ['mail', '5', '60', '3', all]);
  assert.deepEqual(await enqueue({}, '--retry-max', '2'), ['mail', '3600', '60', '2', '[10,20]']);
  assert.deepEqual(await enqueue({}, '--no-retry-max'), ['mail', '3600', '60', null, null]);
  assert.deepEqual(await enqueue({}, '--no-retry-interval', '--no-timeout'), ['mail', '180', '60', '3', null]);
  assert.deepEqual(await enqueue({}, '-q', 'other'), ['other', '180', '60', null, null]);
  assert.deepEqual(await enqueue({ RQT_JOB_ID: 'x', RQT_QUEUE: 'parent' }), ['mail', '3600', '60', '3', all]);
  assert.deepEqual(await enqueue({ RQT_QUEUE: 'other' }), ['other', '180', '60', null, null]);
});

test('an id that is derived does not depend on what is configured', async () => {
  const space = newSpace(redis);
  const { project, env } = newProject('[queues.default]\nunique = true\ntimeout = 77\n');
  const configured = await space.run(['enqueue', 'hello#hello', 'a'], { cwd: project, env });
  const plain = await space.run(['enqueue', 'hello#hello', 'a', '--unique']);
  assert.equal(configured.stdout, plain.stdout);
  assert.equal(await space.field(plain.stdout.trim(), 'timeout'), '77');
});

test('a worker takes its section, and finds its tasks beside the file', async () => {
  const space = newSpace(redis);
  const { project, env } = newProject('[worker]\nburst = true\npath = ["jobs"]\nquiet = true\nwith-scheduler = false\n');
  mkdirSync(join(project, 'jobs'));
  mkdirSync(join(project, 'below'));
  writeFileSync(join(project, 'jobs', 'mine.mjs'), 'export const go = () => 42;\n');
  const id = await space.enqueue('mine#go');
  const { status, stderr } = await space.run(['worker', '--with-scheduler'], { cwd: join(project, 'below'), env });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.equal((await space.run(['result', id])).stdout, '42\n');
});

test('a flag that is turned off on the command line holds in the jobs, too', async () => {
  const space = newSpace(redis);
  const env = { RQT_ALLOW_SHELL: '1', RQT_BURST: 'yes' };
  const [allowed, refused] = [await space.enqueue('shell#run', 'true'), await space.enqueue('shell#run', 'true')];
  assert.equal((await space.run(['worker', '--max-jobs', '1'], { env })).status, 0);
  assert.equal((await space.run(['worker', '--no-allow-shell'], { env })).status, 1);
  assert.deepEqual([await space.field(allowed, 'status'), await space.field(refused, 'status')], ['finished', 'failed']);
});

test('every command refuses a wrong file and an unknown variable with 78, before it does anything', async () => {
  const space = newSpace(redis);
  const { project, env } = newProject('[queues.reports]\ntimeuot = "1h"\n');
  const file = join(project, 'rqt.toml');
  for (const args of [['info'], ['config'], ['enqueue', 'hello#hello'], ['worker', '--burst']]) {
    const ran = await space.run(args, { cwd: project, env });
    assert.equal(ran.status, 78);
    assert.equal(
      ran.stderr,
      `rqt: ${file}:2: [queues.reports] there is no setting timeuot; did you mean timeout? (see rqt config)\n`,
    );
    assert.equal(ran.stdout, '');
  }
  const variable = await space.run(['enqueue', 'hello#hello'], { env: { RQT_TIMEOT: '5' } });
  assert.deepEqual([variable.status, variable.stdout], [78, '']);
  assert.match(variable.stderr, /^rqt: there is no variable 'RQT_TIMEOT'; did you mean RQT_TIMEOUT\?/);
  const value = await space.run(['info'], { env: { RQT_BURST: 'maybe' } });
  assert.deepEqual([value.status, value.stderr], [78, 'rqt: RQT_BURST: say 1 or 0\n']);
  const help = await rqt(['enqueue', '--help'], { cwd: project, env });
  assert.equal(help.status, 0);
  assert.deepEqual(await space.keys(), []);
});

test('what is typed and what is configured may contradict each other: the line says what comes from where', async () => {
  const { project, env } = newProject('retry-max = 2\nretry-max-delay = "1s"\nbackoff = "linear"\n');
  const file = join(project, 'rqt.toml');
  const alone = await rqt(['enqueue', 'a#b'], { cwd: project, env });
  assert.equal(alone.status, 78);
  assert.match(alone.stderr, /^rqt: --retry-max-delay is shorter than --retry-delay;.* \(--retry-max-delay comes from .*:2\)\n$/);
  const both = await rqt(['enqueue', 'a#b', '--retry-delay', '2s'], { cwd: project, env });
  assert.equal(both.status, 64);
  assert.ok(both.stderr.includes(`(--retry-max-delay comes from ${file}:2)`), both.stderr);
});

test('a directory of tasks that is missing is 78 where a file or a variable names it, with the place; 66 where the flag does', async () => {
  const { project, env } = newProject('[worker]\npath = ["jobs"]\n');
  const [file, variable, flag] = await Promise.all([
    rqt(['worker', '--burst'], { cwd: project, env }),
    rqt(['worker', '--burst'], { cwd: project, env: { ...env, RQT_PATH: '/no/tasks' } }),
    rqt(['worker', '--burst', '--path', '/no/tasks'], { cwd: project, env }),
  ]);
  const missing = (path: string) => `rqt: --path ${path}: there is no such directory`;
  const place = `(--path comes from ${join(project, 'rqt.toml')}:2)`;
  assert.deepEqual([file.status, file.stderr], [78, `${missing(join(project, 'jobs'))} ${place}\n`]);
  assert.deepEqual([variable.status, variable.stderr], [78, `${missing('/no/tasks')} (--path comes from RQT_PATH)\n`]);
  assert.deepEqual([flag.status, flag.stderr], [66, `${missing('/no/tasks')}\n`]);
});

test('--config goes before RQT_CONFIG, both before any search; /dev/null is no file at all', async () => {
  const { project, env } = newProject('namespace = "near"');
  const folder = newFolder({ 'a.toml': 'namespace = "a"', 'b.toml': 'namespace = "b"' });
  const namespace = async (extra: Record<string, string>, ...args: string[]) =>
    (await rqt(['config', 'namespace', ...args], { cwd: project, env: { ...env, ...extra } })).stdout.trim();
  const named = { RQT_CONFIG: join(folder, 'b.toml') };
  assert.equal(await namespace({}), 'near');
  assert.equal(await namespace(named), 'b');
  assert.equal(await namespace(named, '--config', join(folder, 'a.toml')), 'a');
  assert.equal(await namespace(named, '--config', '/dev/null'), 'rq');
  assert.equal(await namespace({ RQT_CONFIG: '' }), 'near');
  const gone = await rqt(['info', '--config', 'gone.toml'], { cwd: project, env });
  assert.deepEqual([gone.status, gone.stderr], [66, `rqt: --config ${join(project, 'gone.toml')}: there is no such file\n`]);
  const unset = await rqt(['info'], { cwd: project, env: { ...env, RQT_CONFIG: '/gone.toml' } });
  assert.deepEqual([unset.status, unset.stderr], [78, 'rqt: RQT_CONFIG /gone.toml: there is no such file\n']);
});

test('what is called rqt.toml and is no readable file of one’s own is refused, never passed over', async () => {
  const problems: Record<string, readonly [make: (path: string) => void, message: RegExp]> = {
    directory: [path => mkdirSync(path), /it is a directory, not a file$/],
    loop: [path => symlinkSync(path, path), /it is a link that leads to itself$/],
    huge: [path => writeFileSync(path, '#'.repeat(2 ** 20 + 1)), /it is larger than 1 MiB/],
    binary: [path => writeFileSync(path, Buffer.from([0xff, 0xfe, 0])), /it is not UTF-8 text$/],
    open: [path => chmodSync(emptyFile(path), 0o666), /can be written by everybody: chmod o-w it/],
  };
  const isRoot = process.getuid?.() === 0;
  if (isRoot) problems.foreign = [path => chownSync(emptyFile(path), 4242, 4242), /belongs to user 4242 and this is user 0/];
  else problems.unreadable = [path => chmodSync(emptyFile(path), 0), /it cannot be read: permission denied$/];
  for (const [make, message] of Object.values(problems)) {
    const { project, env } = newProject();
    make(join(project, 'rqt.toml'));
    const ran = await rqt(['config'], { cwd: project, env });
    assert.equal(ran.status, 78, String(message));
    assert.match(ran.stderr.trimEnd(), message);
    assert.equal(ran.stderr.split('\n').length, 2);
  }
});

test('a file that belongs to somebody else holds once it is named', { skip: process.getuid?.() !== 0 }, async () => {
  const { project, env } = newProject('namespace = "theirs"');
  chownSync(join(project, 'rqt.toml'), 4242, 4242);
  const ran = await rqt(['config', 'namespace'], { cwd: project, env: { ...env, RQT_CONFIG: 'rqt.toml' } });
  assert.deepEqual([ran.status, ran.stdout], [0, 'theirs\n']);
});

test('without HOME and in a folder that is gone it works with what there is', async () => {
  const { project, env } = newProject('namespace = "near"');
  const lost = await rqt(['config', 'namespace'], { cwd: project, env: { ...env, HOME: undefined } });
  assert.equal(lost.stdout, 'near\n');
  const gone = join(newFolder(), 'gone');
  mkdirSync(gone);
  const script = `process.chdir(${JSON.stringify(gone)}); require('node:fs').rmdirSync(${JSON.stringify(gone)}); process.argv.splice(1, 1, 'rqt', 'config', 'namespace'); require(${JSON.stringify(join(projectRoot, 'bin', 'rqt.js'))});`;
  const { spawnSync } = await import('node:child_process');
  const ran = spawnSync(process.execPath, ['-e', script, 'x'], {
    env: { PATH: process.env.PATH, HOME: project },
    encoding: 'utf8',
  });
  assert.deepEqual([ran.stderr, ran.stdout, ran.status], ['', 'rq\n', 0]);
});

test('the user’s own file moves with XDG_CONFIG_HOME; a relative one is ignored', async () => {
  const { project, env } = newProject(undefined, 'namespace = "user"');
  const folder = newFolder();
  mkdirSync(join(folder, 'rqt'));
  writeFileSync(join(folder, 'rqt', 'rqt.toml'), 'namespace = "xdg"');
  const namespace = async (extra: Record<string, string>) =>
    (await rqt(['config', 'namespace'], { cwd: project, env: { ...env, ...extra } })).stdout.trim();
  assert.equal(await namespace({}), 'user');
  assert.equal(await namespace({ XDG_CONFIG_HOME: folder }), 'xdg');
  assert.equal(await namespace({ XDG_CONFIG_HOME: 'relative' }), 'user');
});

function emptyFile(path: string): string {
  writeFileSync(path, '');
  return path;
}

/** A project folder and a home, each with its file or without, and an environment that looks for them. */
function newProject(near?: string, user?: string) {
  const root = newFolder();
  const [project, home] = [join(root, 'project'), join(root, 'home')];
  mkdirSync(project);
  mkdirSync(join(home, '.config', 'rqt'), { recursive: true });
  if (near !== undefined) writeFileSync(join(project, 'rqt.toml'), near);
  if (user !== undefined) writeFileSync(join(home, '.config/rqt/rqt.toml'), user);
  return { project, home, env: { HOME: home, XDG_CONFIG_HOME: undefined, RQT_CONFIG: undefined } };
}

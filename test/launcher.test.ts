import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from './helpers/rqt.ts';

test('a project that was not built says what to run, and ends with 70', () => {
  const project = newProject();
  const { status, stderr } = launch(project);
  assert.equal(status, 70);
  assert.equal(stderr, `rqt is not built: run bin/setup in ${project}\n`);
});

test('the bundle finds itself, its arguments and its modules as if Node had run it, with the cache and without', () => {
  const project = newProject(`
    console.log(JSON.stringify([__filename, __dirname, process.argv.slice(2), require.resolve('./other.cjs')]));
    process.exitCode = 3;
  `);
  writeFileSync(join(project, 'dist/other.cjs'), '');
  const dist = join(project, 'dist');
  const expected = [join(dist, 'rqt.cjs'), dist, ['a', '--b'], join(dist, 'other.cjs')];
  for (const caches of [0, 1, 1]) {
    assert.equal(cachesIn(project), caches);
    const { status, stdout } = launch(project, ['a', '--b']);
    assert.equal(status, 3);
    assert.deepEqual(JSON.parse(stdout), expected);
  }
});

test('a rebuilt bundle of the same length is not run from the cache of the old one', () => {
  const project = newProject("console.log('old')");
  assert.equal(launch(project).stdout, 'old\n');
  writeFileSync(join(project, 'dist/rqt.cjs'), "console.log('new')");
  assert.equal(launch(project).stdout, 'new\n');
  assert.equal(launch(project).stdout, 'new\n');
  assert.equal(cachesIn(project), 1);
});

test('the cache is kept although the command calls process.exit, and each set of V8 flags has its own', () => {
  const project = newProject('process.exit(4)');
  assert.equal(launch(project).status, 4);
  assert.equal(cachesIn(project), 1);
  assert.equal(launch(project, [], { NODE_OPTIONS: '--max-old-space-size=300' }).status, 4);
  assert.equal(cachesIn(project), 2);
});

test('an error of the bundle has its own place in the stack trace', () => {
  const project = newProject("\n\nfunction fail() { throw new Error('boom'); }\nfail();");
  for (const { status, stderr } of [launch(project), launch(project)]) {
    assert.equal(status, 1);
    assert.match(stderr, /Error: boom\n {4}at fail \(.*dist\/rqt\.cjs:3:\d+\)/);
  }
});

test('a symbolic link to the launcher works as an installed command does', () => {
  const project = newProject("console.log('here')");
  symlinkSync(join(project, 'bin/rqt.js'), join(project, 'rqt'));
  assert.equal(spawnSync(join(project, 'rqt')).stdout.toString(), 'here\n');
});

/** A project of the launcher alone, with this text as its bundle. */
function newProject(bundle?: string): string {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'rqt-launcher-')));
  after(() => rmSync(project, { recursive: true, force: true }));
  mkdirSync(join(project, 'bin'));
  mkdirSync(join(project, 'dist'));
  for (const file of ['bin/rqt.js', 'bin/package.json']) cpSync(join(projectRoot, file), join(project, file));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  if (bundle !== undefined) writeFileSync(join(project, 'dist/rqt.cjs'), bundle);
  return project;
}

function launch(project: string, args: string[] = [], env: Record<string, string> = {}) {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return spawnSync(process.execPath, [join(project, 'bin/rqt.js'), ...args], { encoding: 'utf8', env: { ...inherited, ...env } });
}

function cachesIn(project: string): number {
  return readdirSync(join(project, 'dist')).filter(name => name.endsWith('.cache')).length;
}

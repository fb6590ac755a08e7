import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';

/** Who may import whom (the README's layout). `leaf`: model, errors, config, parse; no I/O of their own. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  main: ['main', 'commands', 'leaf'],
  commands: ['commands', 'worker', 'store', 'view', 'leaf'],
  worker: ['worker', 'store', 'executor', 'leaf'],
  store: ['store', 'leaf'],
  executor: ['executor', 'leaf'],
  view: ['view', 'leaf'],
  leaf: ['leaf'],
};

/** Which files may import which of the packages. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  ioredis: /^src\/store\//,
  yargs: /^src\/(explain|parse\/yargsOptions)\.ts$/,
  chalk: /^src\/view\/look\.ts$/,
  'cli-table3': /^src\/view\/table\.ts$/,
  'smol-toml': /^src\/config\//,
  croner: /^src\/parse\/timetable\.ts$/,
  jiti: /^src\/executor\//,
};

interface Edge {
  readonly from: string;
  readonly to: string;
}

const edges = [...bundledEdges('meta.json'), ...bundledEdges('meta-executor.json'), ...typeEdges()];

test('every import follows the arrows of the layout', () => {
  const wrong = edges.filter(({ from, to }) => to.startsWith('src/') && !ALLOWED[layerOf(from)]?.includes(layerOf(to)));
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} -> ${to}`),
    [],
  );
});

for (const [name, allowed] of Object.entries(PACKAGES)) {
  test(`${name} is imported by ${allowed.source} only, and by something there`, () => {
    const importers = edges.filter(({ to }) => isPackage(to, name)).map(({ from }) => from);
    assert.deepEqual(
      importers.filter(from => !allowed.test(from)),
      [],
    );
    assert.ok(importers.length > 0);
  });
}

test('the forked child never opens Redis', () => {
  const inputs = Object.keys(readMeta('meta-executor.json').inputs);
  assert.deepEqual(
    inputs.filter(input => input.includes('src/store') || input.includes('ioredis')),
    [],
  );
});

test('no source file is longer than 300 lines', () => {
  const long = sources().filter(file => readFileSync(join(projectRoot, file), 'utf8').split('\n').length > 300);
  assert.deepEqual(long, []);
});

test('every script has a header with its purpose, its arguments, its answers and its cost', () => {
  const folder = join(projectRoot, 'src/store/lua');
  const helpers = new Set([
    'around.lua',
    'around_end.lua',
    'prelude.lua',
    'places.lua',
    'family.lua',
    'lapsing.lua',
    'losing.lua',
    'endings.lua',
    'claiming.lua',
    'settling.lua',
    'stopping.lua',
    'suspension.lua',
    'overlap.lua',
    'once.lua',
    'cron.lua',
    'mending.lua',
  ]);
  const bare = readdirSync(folder)
    .filter(file => !helpers.has(file))
    .filter(file => {
      const text = readFileSync(join(folder, file), 'utf8');
      return !(text.startsWith(`-- ${file}: `) && /^-- ARGV/m.test(text) && /^-- returns/m.test(text) && /^-- O\(/m.test(text));
    });
  assert.deepEqual(bare, []);
});

function layerOf(file: string): string {
  const [, folder = ''] = file.split('/');
  if (folder === 'main.ts' || folder === 'explain.ts') return 'main';
  return folder in ALLOWED ? folder : 'leaf';
}

function isPackage(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`) || path.includes(`node_modules/${name}/`);
}

interface Meta {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly { readonly path: string }[] }>>;
}

function readMeta(file: string): Meta {
  return JSON.parse(readFileSync(join(projectRoot, '.build', file), 'utf8')) as Meta;
}

/** The bundler's own import graph: what is really in the bundle. */
function bundledEdges(file: string): Edge[] {
  return Object.entries(readMeta(file).inputs)
    .filter(([from]) => from.startsWith('src/'))
    .flatMap(([from, { imports }]) => imports.map(({ path }) => ({ from, to: path })));
}

/** The bundler drops imports of types; they are arrows too. */
function typeEdges(): Edge[] {
  return sources().flatMap(from => {
    const text = readFileSync(join(projectRoot, from), 'utf8');
    const paths = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(match => match[1] ?? '');
    return paths.map(path => ({ from, to: path.startsWith('.') ? join(from, '..', path) : path }));
  });
}

function sources(): string[] {
  return readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map(file => join('src', file));
}

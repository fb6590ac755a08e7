#!/usr/bin/env node
// Builds what `rqt` runs (dist/) and, with --test or --bench, the tests and benchmarks (.build/).
//   dist/rqt.cjs       the command: one script, its commands evaluated only when they are called
//   dist/executor.js   the forked child
//   dist/tasks/        the tasks that ship with rqt, compiled
//   dist/task.js       what tasks import as rqt/task, and its types
//   dist/schemas/      the JSON Schema of each document that is printed
// With --test also .build/faults/: the same, with failpoints (src/failpoint.ts).
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { slim } from './slim.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  loader: { '.lua': 'text' },
  metafile: true,
  logLevel: 'warning',
};

/** As pathToFileURL writes it, without loading node:url for each command. */
const IMPORT_META_URL = "const importMetaUrl = 'file://' + encodeURI(__filename).replace(/[?#]/g, encodeURIComponent);";

/** No failpoint is left in what users run, nor in what benchmarks measure. */
const WITHOUT_FAILPOINTS = { __FAILPOINTS__: 'false' };

const wanted = new Set(process.argv.slice(2));
await Promise.all([
  buildProduct(),
  wanted.has('--test') && buildWithFailpoints(),
  wanted.has('--test') && buildAside('test', findAll('test', /\.test\.ts$|fixtures\/.*\.ts$/)),
  wanted.has('--bench') && buildAside('bench', findAll('test/bench', /\.ts$/)),
]);

async function buildProduct() {
  const [[command, executor]] = await Promise.all([buildInto('dist', WITHOUT_FAILPOINTS), buildTypes()]);
  rmSync(join(root, 'dist/schemas'), { recursive: true, force: true });
  cpSync(join(root, 'src/schemas'), join(root, 'dist/schemas'), { recursive: true });
  mkdirSync(join(root, '.build'), { recursive: true });
  writeFileSync(join(root, '.build/meta.json'), JSON.stringify(command.metafile));
  writeFileSync(join(root, '.build/meta-executor.json'), JSON.stringify(executor.metafile));
}

/** The product as a test can kill it at any named step, with a launcher of its own beside it. */
async function buildWithFailpoints() {
  const folder = join(root, '.build/faults');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  for (const file of ['bin/rqt.js', 'bin/package.json']) copyFileSync(join(root, file), join(folder, file));
  await buildInto('.build/faults/dist', { __FAILPOINTS__: 'true' });
}

/** What `rqt` runs; returns what the command and the executor came to. */
function buildInto(folder, define) {
  return Promise.all([
    build({
      ...common,
      entryPoints: ['src/main.ts'],
      outfile: `${folder}/rqt.cjs`,
      format: 'cjs',
      plugins: [slim],
      minify: true,
      // V8 forgets how to do import() in a script that comes from the code cache; the launcher keeps one.
      supported: { 'dynamic-import': false },
      define: { ...define, 'import.meta.url': 'importMetaUrl', 'import.meta.dirname': '__dirname' },
      banner: { js: IMPORT_META_URL },
    }),
    build({
      ...common,
      entryPoints: ['src/executor/child.ts'],
      outfile: `${folder}/executor.js`,
      format: 'esm',
      minify: true,
      define,
      external: ['jiti'],
    }),
    build({
      ...common,
      entryPoints: findAll('tasks', /\.ts$/),
      outdir: `${folder}/tasks`,
      outbase: 'tasks',
      format: 'esm',
      external: ['rqt/task'],
    }),
    build({ ...common, entryPoints: ['src/task.ts'], outfile: `${folder}/task.js`, format: 'esm' }),
  ]);
}

/** dist/task.d.ts: what an editor shows of rqt/task. */
async function buildTypes() {
  const { default: typescript } = await import('typescript');
  const source = readFileSync(join(root, 'src/task.ts'), 'utf8');
  const { outputText, diagnostics } = typescript.transpileDeclaration(source, {
    fileName: 'task.ts',
    compilerOptions: { isolatedDeclarations: true, stripInternal: true, target: typescript.ScriptTarget.ES2023 },
  });
  if (diagnostics?.length)
    throw new Error(`src/task.ts: ${typescript.flattenDiagnosticMessageText(diagnostics[0].messageText, '\n')}`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist/task.d.ts'), outputText);
}

async function buildAside(folder, entryPoints) {
  rmSync(join(root, '.build', folder), { recursive: true, force: true });
  if (entryPoints.length === 0) return;
  await build({
    ...common,
    define: WITHOUT_FAILPOINTS,
    entryPoints,
    outdir: `.build/${folder}`,
    outbase: folder === 'test' ? 'test' : 'test/bench',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
  });
}

function findAll(folder, pattern) {
  return readTree(join(root, folder)).filter(file => pattern.test(file));
}

function readTree(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}

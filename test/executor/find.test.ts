import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtures, folderOf, reasonOf, resultOf, startPool, traceOf } from './pools.ts';

const first = folderOf({
  'both.mjs': 'export const where = () => "first";',
  'tasks/mail.mjs': 'export const send = () => "sent";',
  'pkg/mod.cjs': 'exports.fn = () => "dotted";',
  'folder/index.ts': 'export const fn = (): string => "index";',
  'module.mts': 'export const fn = (): string => "mts";',
  'typed.cts': 'export const fn = (): string => "cts";',
  'plain.js': 'exports.fn = () => "js";',
  'esm.js': 'export const fn = () => "esm";',
  'broken.ts': 'export const a = 1;\nexport const = 2;',
  'broken.mjs': 'export const a = 1;\nexport const = 2;',
  'broken.cjs': 'exports.a = 1;\nvar = 2;',
  'long.ts': `export const fn = (a?: { readonly name: number }, b: Record<string, number> = { x: 1 }): number => { throw new Error('no'); };
export const later = async (): Promise<void> => { await null; fn(); };`,
  'long.mjs': 'export const fn = () => { throw new Error("no"); };',
  'throws.mjs': 'throw new Error("at load");',
  'typed.ts': 'export enum Kind { A = "a" }\nexport const twice = (n: number): string => Kind.A + n * 2;',
  'imports.mjs':
    'globalThis.imports = (globalThis.imports ?? 0) + 1;\nimport { twice } from "./typed.ts";\nexport const fn = () => twice(2) + imports;',
  'requires.cjs':
    'globalThis.requires = (globalThis.requires ?? 0) + 1;\nconst { twice } = require("./typed.ts");\nexports.fn = () => twice(2) + requires;',
  'awaits.mjs':
    'globalThis.awaits = (globalThis.awaits ?? 0) + 1;\nconst { twice } = await import("./typed.ts");\nexport const fn = () => twice(2) + awaits;',
  'later.mjs': 'export const fn = async () => (await import("./typed.ts")).twice(2) + 1;',
  'deep.mjs':
    'import { job } from "rqt/task";\nimport { fn as inner } from "./imports.mjs";\nexport const fn = () => [inner(), job.attempt].join("");',
  'node_modules/x/index.js': 'exports.fn = () => "installed";',
});
const second = folderOf({
  'both.mjs': 'export const where = () => "second";',
  'only.mjs': 'export const where = () => "second";',
});
const outside = folderOf({ 'secret.mjs': 'export const fn = () => "secret";' });
symlinkSync(join(outside, 'secret.mjs'), join(first, 'linked.mjs'));
const { run, retired } = startPool({ taskRoots: [first, join(first, 'tasks'), second, fixtures] });

for (const [task, value] of [
  ['both#where', 'first'],
  ['only#where', 'second'],
  ['mail#send', 'sent'],
  ['tasks/mail#send', 'sent'],
  ['tasks/mail.mjs#send', 'sent'],
  ['pkg.mod.fn', 'dotted'],
  ['folder#fn', 'index'],
  ['module#fn', 'mts'],
  ['common#second', 'second'],
  ['common#third', 'third'],
  ['typed.cts#fn', 'cts'],
  ['plain#fn', 'js'],
  ['esm#fn', 'esm'],
  ['basics#default', 'default'],
] as const) {
  test(`${task} is found`, async () => {
    assert.equal(resultOf(await run(task)), value);
  });
}

const loadsAll = process.features as { readonly typescript?: unknown };
for (const [name, value] of [
  ['imports.mjs', 'a41'],
  ['requires.cjs', 'a41'],
  ['awaits.mjs', 'a41'],
  ['later.mjs', 'a41'],
  ['deep.mjs', 'a411'],
]) {
  // A Node that strips types has no enum.
  test(`${name}, which comes to TypeScript by its imports, loads, and runs once`, {
    skip: Boolean(loadsAll.typescript),
  }, async () => {
    assert.equal(resultOf(await run(`${name}#fn`)), value);
  });
}

test('where the one root is a folder tasks, its name may stand in front as it does one folder up', async () => {
  const pool = startPool({ taskRoots: [join(first, 'tasks')] });
  assert.deepEqual([resultOf(await pool.run('mail#send')), resultOf(await pool.run('tasks/mail#send'))], ['sent', 'sent']);
  assert.match(reasonOf(await pool.run('tasks/tasks/mail#send')), /no module "tasks\/tasks\/mail"/);
  assert.match(reasonOf(await pool.run('tasks//etc/passwd#x')), /no module/);
});

for (const [task, reason] of [
  ['/etc/passwd#fn', 'task "/etc/passwd#fn" is refused: its module is an absolute path; only those in the task roots can be run'],
  ['../x#fn', 'task "../x#fn" is refused: its module leads out of the task roots (..)'],
  ['tasks/../../x#fn', 'task "tasks/../../x#fn" is refused: its module leads out of the task roots (..)'],
  ['node:fs#rmSync', 'task "node:fs#rmSync" is refused: Node\'s own modules are no tasks'],
  ['node_modules/x/index#fn', 'task "node_modules/x/index#fn" is refused: installed packages are no tasks'],
  ['#fn', '"#fn" names no task: write module#function'],
  ['mail#', '"mail#" names no task: write module#function'],
  ['mail', '"mail" names no task: write module#function'],
  ['', '"" names no task: write module#function'],
] as const) {
  test(`${task || 'an empty name'} is refused`, async () => {
    assert.equal(reasonOf(await run(task)), reason);
  });
}

test('a link that leads out of its root is refused', async () => {
  assert.match(
    reasonOf(await run('linked#fn')),
    /^module "linked" is refused: .*linked\.mjs is a link out of its task root, to .*secret\.mjs$/,
  );
});

test('a module that is nowhere is told with all the places', async () => {
  const reason = reasonOf(await run('nowhere#fn'));
  for (const root of [first, second, fixtures]) assert.ok(reason.includes(root));
});

for (const module of ['both.mjs/x', 'pkg/mod.cjs/x', 'x'.repeat(300)]) {
  test(`a module that cannot be there is told like one that is not: ${module.slice(0, 20)}`, async () => {
    const { outcome } = await run(`${module}#fn`);
    assert.ok(reasonOf({ outcome }).startsWith(`no module "${module}" in ${first}, `));
    assert.equal(traceOf({ outcome }), '');
  });
}

test("a dotted name that is nowhere is told to look like Python's", async () => {
  const reason = reasonOf(await run('app.mail.send'));
  assert.match(
    reason,
    /^"app\.mail\.send" looks like a Python task: keep queue "default" for Python's workers, and give rqt's a queue of their own\. Here there is no module/,
  );
});

test('a missing export is told with the functions that there are, the nearest first', async () => {
  assert.match(reasonOf(await run('basics#ecko')), /basics\.ts has no export "ecko"; its functions are echo, /);
});

for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
  test(`what every object has is no task: ${name}`, async () => {
    assert.match(reasonOf(await run(`common#${name}`)), /has no export/);
  });
}

test('an export that is no function is told as what it is', async () => {
  assert.match(reasonOf(await run('basics#notAFunction')), /basics\.ts#notAFunction is a number, not a function$/);
});

test('none of this costs the executor', () => {
  assert.deepEqual(retired, []);
});

for (const name of ['broken.ts', 'broken.mjs', 'broken.cjs']) {
  test(`a syntax error in ${name} is told with file and line`, async () => {
    const ended = await run(`${name}#fn`);
    assert.match(reasonOf(ended), new RegExp(`^SyntaxError: .*/${name.replace('.', '\\.')}:2`));
  });
}

test('a stack of TypeScript has the lines of the source, and no columns, which would be of what was made of it', async () => {
  const trace = traceOf(await run('long.ts#later'));
  assert.match(trace, /^Error: no\n {4}at fn \(\/.*\/long\.ts:1\)\n {4}at later \(\/.*\/long\.ts:2\)$/);
  assert.match(traceOf(await run('long.mjs#fn')), /long\.mjs:1:33\)$/);
});

test('what a module throws while it loads fails the job, and the executor is replaced', async () => {
  const ended = await run('throws#fn');
  assert.equal(reasonOf(ended), 'Error: at load');
  assert.match(traceOf(ended), /throws\.mjs:1:7/);
  assert.match(retired.at(-1) ?? '', /throws\.mjs failed to load/);
});

for (const name of ['changing.mjs', 'changing.ts']) {
  test(`${name} that was changed on disk is loaded anew, in another executor`, async () => {
    writeFileSync(join(first, name), 'export const fn = () => 1;');
    const before = await run(`${name}#fn`);
    assert.equal(resultOf(before), 1);
    writeFileSync(join(first, name), 'export const fn = () => 22;');
    const after = await run(`${name}#fn`);
    assert.equal(resultOf(after), 22);
    assert.match(retired.at(-1) ?? '', /was changed on disk/);
  });
}

test('so is a task whose own import was changed', async () => {
  writeFileSync(join(first, 'part.ts'), 'export const part = 1;');
  writeFileSync(join(first, 'whole.ts'), 'import { part } from "./part";\nexport const fn = () => part;');
  assert.equal(resultOf(await run('whole#fn')), 1);
  writeFileSync(join(first, 'part.ts'), 'export const part = 333;');
  assert.equal(resultOf(await run('whole#fn')), 333);
});

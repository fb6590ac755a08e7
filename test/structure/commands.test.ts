import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';

/** Folders of what several commands have in common. Each other one has the parts of the command of its name. */
const COMMON = ['reports', 'shared'];

const entries = readdirSync(join(projectRoot, 'src/commands'), { withFileTypes: true });
const table = [
  ...readFileSync(join(projectRoot, 'src/main.ts'), 'utf8').matchAll(/^ {2}'?([\w-]+)'?: \(\) => import\('(.+)'\),$/gm),
];
const names = table.map(([, name = '']) => name);

test('each file of src/commands is a subcommand in the table of src/main.ts, under its own name', () => {
  const paths = table.map(([, , path]) => path);
  assert.deepEqual(
    paths,
    names.map(name => `./commands/${name}.ts`),
  );
  const files = entries.filter(entry => entry.isFile()).map(({ name }) => `./commands/${name}`);
  assert.deepEqual(files.sort(), paths.sort());
});

test(`each folder of src/commands has the parts of one subcommand, but ${COMMON.join(' and ')}`, () => {
  const folders = entries.filter(entry => entry.isDirectory()).map(({ name }) => name);
  assert.deepEqual(
    folders.filter(folder => !names.includes(folder) && !COMMON.includes(folder)),
    [],
  );
});

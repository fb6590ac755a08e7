import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';

const folder = join(projectRoot, 'src', 'view');
const sources = readdirSync(folder).map(file => ({ file, source: readFileSync(join(folder, file), 'utf8') }));

/** The files of src/view whose value imports match. */
function importersOf(pattern: RegExp): string[] {
  return sources.filter(({ source }) => pattern.test(source.replace(/^import type .*$/gm, ''))).map(({ file }) => file);
}

test('only the look loads chalk', () => assert.deepEqual(importersOf(/from 'chalk'/), ['look.ts']));
test('only the table loads cli-table3', () => assert.deepEqual(importersOf(/from 'cli-table3'/), ['table.ts']));
test('what a machine reads needs neither', () => {
  const machine = sources.filter(({ file }) => /-json\.ts$|-raw\.ts$/.test(file));
  for (const { file, source } of machine) {
    assert.doesNotMatch(source.replace(/^import type .*$/gm, ''), /from '\.\/(look|table|info|status)\.ts'/, file);
  }
});
test('a view neither prints nor asks', () => {
  assert.deepEqual(importersOf(/process\.(stdout|stderr|env)\.|console\.|from 'node:/), []);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../helpers/rqt.ts';

/**
 * What a command loads before it does anything: bytes of the bundle that are reached from the command table and the command without
 * passing an import(). Times are noisy, bytes are exact. Each budget is a little above what is used: a new dependency shows here first.
 */
const BUDGETS_KB: Readonly<Record<string, number>> = { enqueue: 268, info: 256, status: 256, worker: 335 };

/** What the quick commands must never load: help is yargs's, and looks are for those who look. */
const NOT_FOR_ENQUEUE = ['yargs', 'chalk', 'cli-table3', 'ioredis/built/cluster', 'smol-toml'];

interface Meta {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly Import[] }>>;
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>>;
}

interface Import {
  readonly path: string;
  readonly kind: string;
  readonly external?: boolean;
}

const meta = JSON.parse(readFileSync(join(projectRoot, '.build/meta.json'), 'utf8')) as Meta;
const output = meta.outputs['dist/rqt.cjs'];

for (const [command, budgetKb] of Object.entries(BUDGETS_KB)) {
  test(`${command} loads at most ${budgetKb} KB`, () => {
    const bytes = reachable(command).reduce((sum, file) => sum + (output?.inputs[file]?.bytesInOutput ?? 0), 0);
    assert.ok(bytes > 0, `src/commands/${command}.ts is not in the bundle`);
    assert.ok(bytes <= budgetKb * 1000, `${command} loads ${Math.ceil(bytes / 1000)} KB: ${heaviest(command)}`);
  });
}

test('enqueue loads neither help nor tables nor colours, nor what ioredis has for clusters', () => {
  const loaded = reachable('enqueue').filter(file => NOT_FOR_ENQUEUE.some(name => file.includes(`node_modules/${name}/`)));
  assert.deepEqual(loaded, []);
});

/** Everything that the command table and the command load at once. */
function reachable(command: string): string[] {
  const seen = new Set<string>();
  const open = ['src/main.ts', `src/commands/${command}.ts`];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const { path, kind, external } of meta.inputs[file]?.imports ?? []) {
      if (kind !== 'dynamic-import' && !external) open.push(path);
    }
  }
  return [...seen];
}

/** For the message: where the bytes are. */
function heaviest(command: string): string {
  return reachable(command)
    .map(file => ({ file, bytes: output?.inputs[file]?.bytesInOutput ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 8)
    .map(({ file, bytes }) => `${file} ${bytes}`)
    .join(', ');
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_STATUS } from '../../src/errors.ts';
import { projectRoot, rqt } from '../helpers/rqt.ts';

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
const listed = [...readme.matchAll(/^\| `rqt ([a-z-]+)` \| (.+) \|$/gm)].map(([, name = '', summary = '']) => ({
  name,
  summary,
}));

test("the README's command table and the binary's help list the same commands with the same words", async () => {
  const { stdout, status } = await rqt(['--help'], { env: { COLUMNS: '200' } });
  assert.equal(status, 0);
  const helped = [...stdout.matchAll(/^(?:put in|run|look|control|set up)? {2,}([a-z-]+(?:, [a-z-]+)*) {2,}(.+?)\s*$/gm)]
    .flatMap(([, names = '', text = '']) => pairUp(names.split(', '), text))
    .filter(({ name }) => name !== 'completion' && !name.startsWith('-'));
  assert.deepEqual(byName(helped), byName(listed));
});

for (const { name } of listed) {
  test(`the README names every flag of rqt ${name}, and rqt ${name} has every flag that its section names`, async () => {
    const stdout = await helpOf(name);
    const has = new Set([...stdout.matchAll(/--([a-z][a-z-]+)/g)].map(match => match[1]));
    const section = readme.split(/^### /m).find(part => part.startsWith(`rqt ${name}\n`)) ?? '';
    const text = section.split(/^## /m)[0] ?? '';
    const described = [...`${synopsisOf(text)}\n${text}`.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(match => match[1] ?? '');
    const unknown = described.filter(flag => !has.has(flag) && flag !== 'not-a-flag');
    assert.deepEqual(unknown, []);
    const own = [...stdout.matchAll(/^\s+(?:-\w, )?--([a-z][a-z-]+)(?: \S+)?(?: {2,}|$)/gm)].map(match => match[1] ?? '');
    const everywhere = new Set(['help', 'version', 'url', 'namespace', 'config', 'connect-timeout', 'json']);
    assert.deepEqual(
      own.filter(flag => !everywhere.has(flag) && !described.includes(flag) && !text.includes(`-${flag[0]}\``)),
      [],
    );
  });
}

/** The help of a command and of those below it. */
async function helpOf(...names: readonly string[]): Promise<string> {
  const { stdout } = await rqt([...names, '--help'], { env: { COLUMNS: '200' } });
  const below = [...stdout.matchAll(new RegExp(`^  rqt ${names.join(' ')} ([a-z-]+) `, 'gm'))].map(match => match[1] ?? '');
  return [stdout, ...(await Promise.all(below.map(sub => helpOf(...names, sub))))].join('\n');
}

test('help fits one screen of 80 columns', async () => {
  const { stdout } = await rqt(['--help']);
  const lines = stdout.trimEnd().split('\n');
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  assert.deepEqual(
    lines.filter(line => line.length > 80),
    [],
  );
});

test("the README's exit statuses are those of the program", () => {
  const statuses = [...readme.matchAll(/^\| (\d+) \|/gm)].map(match => Number(match[1]));
  assert.deepEqual(
    statuses.filter(status => status !== 0),
    [...new Set<number>(Object.values(EXIT_STATUS))].sort((a, b) => a - b),
  );
});

/** Two commands that share a line share their words, too: `fsck, selftest  one; other`. */
function pairUp(names: readonly string[], text: string) {
  const summaries = names.length === 1 ? [text] : text.split('; ');
  return names.map((name, i) => ({ name, summary: summaries[i] ?? '' }));
}

function synopsisOf(section: string): string {
  return /```\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
}

function byName<T extends { name: string }>(rows: T[]): T[] {
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}

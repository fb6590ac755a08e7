import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { lines, sha256 } from '../../tasks/checksum.ts';

const folder = mkdtempSync(join(tmpdir(), 'rqt-checksum-'));
after(() => rmSync(folder, { recursive: true }));

test('sha256 is that of the bytes, for a file of many chunks and for an empty one', async () => {
  for (const bytes of [Buffer.alloc(3_000_000, 'abc\n'), Buffer.alloc(0)]) {
    writeFileSync(join(folder, 'f'), bytes);
    assert.equal(await sha256(join(folder, 'f')), createHash('sha256').update(bytes).digest('hex'));
  }
});

test('a path is relative to the working directory', async () => {
  writeFileSync(join(folder, 'f'), 'x');
  assert.equal(await lines(relative(process.cwd(), join(folder, 'f'))), 1);
});

for (const [text, count] of [
  ['', 0],
  ['a', 1],
  ['a\n', 1],
  ['a\nb', 2],
  ['\n\n', 2],
  ['a\r\nb\r\n', 2],
  ['x\n'.repeat(300_000), 300_000],
] as const) {
  test(`${JSON.stringify(text.slice(0, 12))} of ${text.length} characters has ${count} lines`, async () => {
    writeFileSync(join(folder, 'f'), text);
    assert.equal(await lines(join(folder, 'f')), count);
  });
}

test('a missing file, a directory and no path at all each fail with words', async () => {
  await assert.rejects(sha256('/no/such/file'), { message: '/no/such/file does not exist' });
  await assert.rejects(lines(folder), { message: `${folder} is a directory` });
  await assert.rejects(sha256(''), TypeError);
});

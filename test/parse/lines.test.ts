import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitLines } from '../../src/parse/lines.ts';

const cases: readonly [input: string, lines: readonly string[]][] = [
  ['', []],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\nb', ['a', 'b']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a\rb\n', ['a\rb']],
  ['\n\na\n\n\nb\n\n', ['a', 'b']],
  ['\r\na\r\n', ['a']],
  [' \n\t\n', [' ', '\t']],
  ['\ufeffa\n\ufeffb', ['a', '\ufeffb']],
  ['\ufeff\na', ['a']],
  ['é任😀\n😀', ['é任😀', '😀']],
  ['a\u2028b\n\0\n', ['a\u2028b', '\0']],
];
for (const [input, lines] of cases) {
  test(`${JSON.stringify(input)} is the lines ${JSON.stringify(lines)}, wherever its chunks are cut`, async () => {
    const bytes = Buffer.from(input);
    assert.deepEqual(await collect(cutEvery(bytes, bytes.length + 1)), lines);
    for (let size = 1; size <= 4; size += 1) assert.deepEqual(await collect(cutEvery(bytes, size)), lines);
  });
}

test('a chunk that its producer uses again does no harm', async () => {
  async function* reuse() {
    const buffer = Buffer.alloc(3);
    for (const text of ['a\nb', 'c\nd', 'e\nf']) {
      buffer.write(text);
      yield buffer;
    }
  }
  assert.deepEqual(await collect(reuse()), ['a', 'bc', 'de', 'f']);
});

test('lines before a bad one arrive, and the refusal names its number', async () => {
  const seen: string[] = [];
  const bytes = Buffer.concat([Buffer.from('a\n\nb\n'), Buffer.from('caf\xe9\n', 'latin1'), Buffer.from('c\n')]);
  await assert.rejects(collect(cutEvery(bytes, 5), seen, 'jobs.txt'), {
    code: 'data',
    message: /^line 4 of jobs\.txt is not UTF-8/,
  });
  assert.deepEqual(seen, ['a', 'b']);
});

test('a character cut off by the end of the input is not UTF-8', async () => {
  await assert.rejects(collect(cutEvery(Buffer.from('a\né').subarray(0, 3), 2)), { message: /^line 2 of input is not UTF-8/ });
});

test('a line of 1 MiB is taken', async () => {
  assert.deepEqual((await collect(cutEvery(Buffer.alloc(1024 * 1024, 'x'), 65_536)))[0]?.length, 1024 * 1024);
});

for (const ending of ['', '\n', '\nmore\n']) {
  test(`a line of more than 1 MiB followed by ${JSON.stringify(ending)} is refused by its number`, async () => {
    const bytes = Buffer.concat([Buffer.from('a\nb\n'), Buffer.alloc(1024 * 1024 + 1, 'x'), Buffer.from(ending)]);
    for (const size of [65_536, bytes.length]) {
      await assert.rejects(collect(cutEvery(bytes, size)), { code: 'data', message: /^line 3 of input is longer than 1 MiB/ });
    }
  });
}

test('an endless line is refused before it is read to its end', async () => {
  let chunks = 0;
  async function* endless() {
    for (;;) {
      chunks += 1;
      yield Buffer.alloc(65_536, 'x');
    }
  }
  await assert.rejects(collect(endless()), { code: 'data' });
  assert.ok(chunks <= 17);
});

async function collect(chunks: AsyncIterable<Uint8Array>, into: string[] = [], source?: string): Promise<string[]> {
  for await (const batch of splitLines(chunks, source)) {
    assert.ok(batch.length > 0);
    into.push(...batch);
  }
  return into;
}

async function* cutEvery(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

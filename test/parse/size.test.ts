import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSize } from '../../src/parse/size.ts';

const good: readonly [text: string, bytes: number][] = [
  ['65536', 65_536],
  ['65536b', 65_536],
  ['1k', 1024],
  ['1kb', 1024],
  ['1KiB', 1024],
  ['512mb', 512 * 2 ** 20],
  ['512M', 512 * 2 ** 20],
  ['1GiB', 2 ** 30],
  ['1.5g', 1.5 * 2 ** 30],
  ['2tb', 2 ** 41],
  [' +7 ', 7],
];
for (const [text, bytes] of good) {
  test(`'${text}' is ${bytes} bytes`, () => {
    assert.equal(parseSize(text, '--max-memory'), bytes);
  });
}

const bad: readonly [text: string, message: RegExp, minBytes?: number][] = [
  ['', /^--max-memory '' is not a size; write for example --max-memory 512mb, 1gb or 536870912 \(bytes\)$/],
  ['much', /is not a size/],
  ['5 mb', /is not a size/],
  ['1ib', /is not a size/],
  ['1e9', /is not a size/],
  ['0x10', /is not a size/],
  ['-5mb', /is negative/],
  ['0', /is zero/],
  ['0.5', /is no whole number of bytes/],
  ['1.3k', /is no whole number of bytes/],
  ['9999999999999tb', /is more than a computer has/],
  ['16mb', /is less than 33554432 bytes/, 32 * 2 ** 20],
];
for (const [text, message, minBytes] of bad) {
  test(`'${text}' is refused: ${message.source}`, () => {
    assert.throws(() => parseSize(text, '--max-memory', minBytes), { code: 'usage', message });
  });
}

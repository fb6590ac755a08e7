import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CountRules, parseCount } from '../../src/parse/count.ts';

const good: readonly [text: string, count: number, rules?: CountRules][] = [
  ['1', 1],
  [' +7 ', 7],
  ['007', 7],
  ['999999999999999', 999_999_999_999_999],
  ['0', 0, { min: 0 }],
  ['5', 5, { max: 5 }],
];
for (const [text, count, rules] of good) {
  test(`'${text}' is ${count}`, () => {
    assert.equal(parseCount(text, '--limit', rules), count);
  });
}

const bad: readonly [text: string, message: RegExp, rules?: CountRules][] = [
  ['', /^--limit '' is not a whole number; write for example --limit 10$/],
  ['x', /is not a whole number/],
  ['1.0', /is not a whole number/],
  ['1e3', /is not a whole number/],
  ['0x10', /is not a whole number/],
  ['٣', /is not a whole number/],
  ['-3', /is negative/],
  ['0', /is less than 1/],
  ['6', /^--limit '6' is more than 5; write for example --limit 2$/, { max: 5, example: 2 }],
  ['9'.repeat(400), /is more than 999999999999999/],
];
for (const [text, message, rules] of bad) {
  test(`'${text.slice(0, 20)}' is refused: ${message.source}`, () => {
    assert.throws(() => parseCount(text, '--limit', rules), { code: 'usage', message });
  });
}

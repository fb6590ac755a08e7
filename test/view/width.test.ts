import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textWidth, truncate } from '../../src/view/width.ts';

const widths: [string, number][] = [
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['日本', 4],
  ['한글', 4],
  ['ｆｕ', 4],
  ['👩🏽‍💻', 2],
  ['🫠', 2],
  ['✓', 1],
  ['⚠️', 2],
  ['🇩🇪', 2],
  ['สวัสดี', 4],
];
for (const [text, width] of widths) {
  test(`“${text}” takes ${width} columns`, () => assert.equal(textWidth(text), width));
}

const unicode = { unicode: true };
const cuts: [text: string, width: number, expected: string][] = [
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['日本語', 6, '日本語'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['a👩🏽‍💻bc', 4, 'a👩🏽‍💻…'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
];
for (const [text, width, expected] of cuts) {
  test(`“${text}” in ${width} columns is “${expected}”`, () => assert.equal(truncate(text, width, unicode), expected));
}
test('in ASCII the cut is marked with three dots', () => assert.equal(truncate('abcdef', 5, { unicode: false }), 'ab...'));
test('nothing is cut where the width has no end', () =>
  assert.equal(truncate('日'.repeat(500), Infinity, unicode), '日'.repeat(500)));
test('a long text is measured piece by piece, its graphemes whole', () => {
  assert.equal(textWidth('日'.repeat(300_000)), 600_000);
  for (let before = 250; before < 260; before += 1) {
    assert.equal(textWidth(`${'é'.repeat(before)}👩🏽‍💻🇩🇪🇩🇪`), before + 6);
    assert.equal(truncate(`${'é'.repeat(before)}👩🏽‍💻bc`, before + 3, unicode), `${'é'.repeat(before)}👩🏽‍💻…`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barScale, renderBar } from '../../src/view/bar.ts';
import { renderProgress } from '../../src/view/progress.ts';
import { textWidth } from '../../src/view/width.ts';
import { look } from './looks.ts';

const half = { done: 5000, total: 10_000, rate: 1234.5, elapsedMs: 4000 };

const lines: [what: string, line: string, expected: string][] = [
  ['half way', renderProgress(half, look()), '▕██████████          ▏  50 %  5,000 of 10,000  1,235/s  5 s left'],
  ['ASCII', renderProgress(half, look({ unicode: false })), '[##########          ]  50 %  5,000 of 10,000  1,235/s  5 s left'],
  [
    'the end',
    renderProgress({ ...half, done: 10_000 }, look()),
    '▕████████████████████▏ 100 %  10,000 of 10,000  1,235/s  in 4 s',
  ],
  ['an unknown total', renderProgress({ ...half, total: null }, look()), '5,000 done  1,235/s  4 s'],
  [
    'no time passed',
    renderProgress({ done: 0, total: 10, rate: Number.NaN, elapsedMs: 0 }, look()),
    '▕                    ▏   0 %  0 of 10',
  ],
  ['nothing to do', renderProgress({ ...half, done: 0, total: 0 }, look({ width: 40 })), '100 %  0 of 0  1,235/s  in 4 s'],
  ['a narrow terminal', renderProgress(half, look({ width: 30 })), ' 50 %  5,000 of 10,000  1,23…'],
];
for (const [what, line, expected] of lines) {
  test(`progress, ${what}: ${expected}`, () => assert.equal(line.trimEnd(), expected));
}

for (const width of [10, 30, 80, 300]) {
  test(`at ${width} columns a line of progress never wraps and covers the one before`, () => {
    assert.equal(textWidth(renderProgress(half, look({ width }))), Math.min(width, 100) - 1);
  });
}

test('a bar of very few is visible', () => assert.equal(renderBar(1e-9, 10, { unicode: true }), '▏'));
test('a bar of none is empty', () => assert.equal(renderBar(0, 10, { unicode: true }), ''));
test('a bar is never longer than its room', () => assert.equal(renderBar(7, 3, { unicode: true }), '███'));
test('few jobs are measured against 20, as RQ does', () => assert.equal(barScale(3), 20));
test('very many are measured against the most', () => assert.equal(barScale(1001), 1001));

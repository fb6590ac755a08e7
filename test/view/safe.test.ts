import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeJson, safeLine, safeLines } from '../../src/view/safe.ts';

const lines: [what: string, text: string, expected: string][] = [
  ['plain text is left alone', 'mail.high-1', 'mail.high-1'],
  ['letters of any script are left alone', 'é 日本 👩🏽‍💻', 'é 日本 👩🏽‍💻'],
  ['an escape is shown', '\x1b[31mred', '\\x1b[31mred'],
  ['line feeds, returns and tabs are shown', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
  ['a backspace and a delete are shown', 'a\b\x7f', 'a\\x08\\x7f'],
  ['a C1 control is shown', '\u009b2J', '\\x9b2J'],
  ['bidi overrides are shown', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
  ['blanks without width are shown', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
  ['half a surrogate pair is shown', 'a\ud800', 'a\\ud800'],
];
for (const [what, given, expected] of lines) {
  test(`in a line ${what}`, () => assert.equal(safeLine(given), expected));
}

const blocks: [what: string, text: string, expected: string[]][] = [
  ['nothing gives no line', '', []],
  ['a last line feed gives no line', 'a\n\nb\n', ['a', '', 'b']],
  ['tabs stay', 'a\tb', ['a\tb']],
  ['colours are removed', '\x1b[1;31mred\x1b[0m', ['red']],
  ['moves and erasures are removed', 'a\x1b[2J\x1b[1;1Hb\x1b[?25l', ['ab']],
  ['a window title is removed', 'a\x1b]0;pwned\x07b', ['ab']],
  ['a link keeps its words', '\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\', ['click']],
  ['an unended string takes its own line only', 'a\x1b]0;pwned\nb', ['a', 'b']],
  ['an unended CSI takes nothing else', 'a\x1b[', ['a']],
  ['an 8-bit CSI is removed', 'a\u009b2Jb', ['ab']],
  ['a reset and a charset switch are removed', 'a\x1bc\x1b(0b', ['ab']],
  ['a carriage return begins a line', '50%\r100%\r\ndone', ['50%', '100%', 'done']],
  ['a bell and a backspace are shown', 'a\x07\b', ['a\\x07\\x08']],
  ['a bidi override is shown', 'a\u202eb', ['a\\u202eb']],
];
for (const [what, given, expected] of blocks) {
  test(`in a block ${what}`, () => assert.deepEqual(safeLines(given, false), expected));
}

test('a block may keep its colours, ended on each line', () => {
  assert.deepEqual(safeLines('\x1b[32mok\nnext\x1b[2J', true), ['\x1b[32mok\x1b[0m', 'next']);
});

test('a megabyte of unended escapes is cleaned in linear time', () => {
  const hostile = '\x1b]\x1b[1;'.repeat(150_000);
  const startedAt = performance.now();
  safeLines(hostile, false);
  assert.ok(performance.now() - startedAt < 5000);
});

test('JSON escapes what a terminal would obey', () => {
  assert.equal(safeJson({ a: '\x1b[2J\u009b\u202e\n' }), '{"a":"\\u001b[2J\\u009b\\u202e\\n"}');
});
test('JSON reads back as it was', () => assert.equal(JSON.parse(safeJson('\u009b\u2028é')), '\u009b\u2028é'));
test('JSON may be indented', () => assert.equal(safeJson([1], 2), '[\n  1\n]'));
test('JSON has the digits of every integer, and tells what it cannot say as text', () => {
  assert.equal(safeJson([10n ** 20n, 1e20, Number.NaN]), '[100000000000000000000,1e+20,"NaN"]');
  assert.equal(safeJson([Buffer.from('abc'), new Set([1]), new Map([[1, 'one']])]), '["YWJj",[1],[[1,"one"]]]');
});
test('JSON of undefined is null', () => assert.equal(safeJson(undefined), 'null'));
test('JSON nested beyond the stack is told, not thrown', () => {
  const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as unknown;
  assert.equal(safeJson(deep), '"(nested too deeply to be shown)"');
});

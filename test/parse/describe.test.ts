import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCall } from '../../src/parse/describe.ts';

/** Every expectation is what RQ 2.10's get_call_string(…, max_length=75) printed. */
const cases: readonly [args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>, expected: string][] = [
  [[], {}, 'm#f()'],
  [['hello'], { x: '1' }, "m#f('hello', x='1')"],
  [["it's"], {}, 'm#f("it\'s")'],
  [['it\'s "it"'], {}, "m#f('it\\'s \"it\"')"],
  [['a\\b\n\t\x00\x7f'], {}, "m#f('a\\\\b\\n\\t\\x00\\x7f')"],
  [['é任😀\u00a0\u200b\ud800'], {}, "m#f('é任😀\\xa0\\u200b\\ud800')"],
  [[null, true, false], {}, 'm#f(None, True, False)'],
  [[1, -1.5, 1e21, 1e-7, 0.00001, 0.0001, 1.5e300], {}, 'm#f(1, -1.5, 1e+21, 1e-07, 1e-05, 0.0001, 1.5e+300)'],
  [[2n ** 70n, Number.NaN, Number.NEGATIVE_INFINITY], {}, 'm#f(1180591620717411303424, nan, -inf)'],
  [[[1, [], {}], { a: { "b'": null } }], {}, "m#f([1, [], {}], {'a': {\"b'\": None}})"],
  [[new Set([1, 'a']), new Set()], { s: new Set([[1]]) }, "m#f({1, 'a'}, set(), s={[1]})"],
  [
    [
      new Map<unknown, unknown>([
        [1, 'a'],
        [null, []],
      ]),
      new Map(),
    ],
    {},
    "m#f({1: 'a', None: []}, {})",
  ],
  [
    [Buffer.from('xy\n\x00\xff\\', 'latin1'), Buffer.from("it's"), Buffer.from('\'"')],
    {},
    `m#f(b'xy\\n\\x00\\xff\\\\', b"it's", b'\\'"')`,
  ],
  [[], { b: 1, a: 2, B: 3 }, 'm#f(B=3, a=2, b=1)'],
  [['x'.repeat(73)], {}, `m#f('${'x'.repeat(73)}')`],
  [['x'.repeat(74)], {}, `m#f('${'x'.repeat(74)}...)`],
  [['x'.repeat(10_000)], { k: 'y'.repeat(10_000) }, `m#f('${'x'.repeat(74)}..., k='${'y'.repeat(74)}...)`],
  [['😀'.repeat(100)], {}, `m#f('${'😀'.repeat(74)}...)`],
  [[`${'"'.repeat(200)}'`], {}, `m#f('${'"'.repeat(74)}...)`],
  [[`${'a'.repeat(200)}'`], {}, `m#f("${'a'.repeat(74)}...)`],
];
for (const [args, kwargs, expected] of cases) {
  test(`${expected.slice(0, 59)} describes its call as RQ does`, () => {
    assert.equal(describeCall({ task: 'm#f', args, kwargs }), expected);
  });
}

test('control characters in a keyword are escaped', () => {
  assert.equal(describeCall({ task: 'm#f', args: [], kwargs: { 'a\x1b': 1 } }), 'm#f(a\\x1b=1)');
});

test('a description ends at 512 bytes, between two characters', () => {
  const text = describeCall({ task: 'm#f', args: Array(50).fill('任'.repeat(20)), kwargs: {} });
  assert.ok(Buffer.byteLength(text) <= 512 && Buffer.byteLength(text) > 500);
  assert.match(text, /[任', ]\.\.\.$/);
});

test('a value of a million items is described by its start, at once', () => {
  const text = describeCall({ task: 'm#f', args: [Array(1_000_000).fill(1)], kwargs: {} });
  assert.equal(text, `m#f([${'1, '.repeat(30).slice(0, 74)}...)`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepeat, type RepeatFields } from '../../src/parse/repeat.ts';

const good: readonly [times: string, values: readonly string[], waits: readonly number[]][] = [
  ['3', [], [0, 0, 0]],
  ['3', ['1h'], [3600, 3600, 3600]],
  ['1', ['1h'], [3600]],
  ['4', ['10,20s'], [10, 20, 20, 20]],
  ['3', ['10', '20', '30'], [10, 20, 30]],
  ['2', ['0,0'], [0, 0]],
  ['3', ['0,5'], [0, 5, 5]],
];
for (const [times, values, waits] of good) {
  test(`--repeat ${times} --repeat-interval '${values.join("' '")}': RQ's rule waits ${waits.join(', ')} seconds`, () => {
    const fields = parseRepeat(times, values);
    assert.ok(fields);
    assert.deepEqual(waitsOf(fields), waits);
  });
}

test('equal intervals are one, however many repeats there are; zeroes are none', () => {
  assert.deepEqual(parseRepeat('1000000', ['60']), { repeatsLeft: 1_000_000, intervals: [60] });
  assert.deepEqual(parseRepeat('1000000', ['0']), { repeatsLeft: 1_000_000, intervals: [] });
});

test('without --repeat there are no repeats', () => {
  assert.equal(parseRepeat(undefined, []), null);
});

const bad: readonly [times: string | undefined, values: readonly string[], message: RegExp][] = [
  [
    undefined,
    ['1h'],
    /^--repeat-interval says how repeats wait, and there are none; write for example --repeat 3 --repeat-interval 1h$/,
  ],
  ['0', [], /^--repeat '0' is less than 1; write for example --repeat 3$/],
  ['x', [], /is not a whole number/],
  ['1000001', [], /is more than 1000000/],
  ['2', ['1,2,3'], /has 3 waits and --repeat allows 2 repeats/],
  ['2', ['1h,'], /has an empty duration/],
  ['2', ['-1'], /is negative/],
  ['1001', ['1,2'], /too long a list/],
];
for (const [times, values, message] of bad) {
  test(`--repeat ${times} --repeat-interval '${values.join("' '")}' is refused`, () => {
    assert.throws(() => parseRepeat(times, values), { code: 'usage', message });
  });
}

/** What rq/repeat.py makes of the fields: Repeat.get_interval(repeats_left - 1, intervals), before the count goes down. */
function waitsOf({ repeatsLeft, intervals }: RepeatFields): number[] {
  return Array.from({ length: repeatsLeft }, (_, n) => intervals[repeatsLeft - 1 - n] ?? intervals.at(-1) ?? 0);
}

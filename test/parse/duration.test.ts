import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RqtError } from '../../src/errors.ts';
import { type DurationRules, parseDuration } from '../../src/parse/duration.ts';

const good: readonly [text: string, durationMs: number | null][] = [
  ['90', 90_000],
  ['90s', 90_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['2w', 1_209_600_000],
  ['1.5h', 5_400_000],
  ['1.1h', 3_960_000],
  ['0.5m', 30_000],
  ['5M', 300_000],
  [' +7 ', 7_000],
  ['0', 0],
  ['007', 7_000],
  ['-1', null],
  ['36500d', 3_153_600_000_000],
];
for (const [text, durationMs] of good) {
  test(`'${text}' is ${durationMs === null ? 'none' : `${durationMs} ms`}`, () => {
    assert.equal(parseDuration(text, '--ttl'), durationMs);
  });
}

const bad: readonly [text: string, problem: RegExp, rules?: DurationRules][] = [
  ['', /is not a duration/],
  ['abc', /is not a duration/],
  ['NaN', /is not a duration/],
  ['Infinity', /is not a duration/],
  ['1e3', /is not a duration/],
  ['0x10', /is not a duration/],
  ['5 m', /is not a duration/],
  ['5ms', /is not a duration/],
  ['.5h', /is not a duration/],
  ['٣', /is not a duration/],
  ['-5', /is negative/],
  ['-1s', /is negative/],
  ['101w101', /is not a duration/],
  ['40000d', /is more than 100 years/],
  [`${'9'.repeat(400)}d`, /is more than 100 years/],
  ['0.5s', /is no whole number of seconds/],
  ['0.001m', /is no whole number of seconds/],
  ['0', /is zero/, { allowZero: false }],
  ['0.000h', /is zero/, { allowZero: false }],
  ['-1', /is negative/, { allowNone: false }],
];
for (const [text, problem, rules] of bad) {
  test(`'${text.slice(0, 20)}' ${problem.source}${rules ? ` under ${JSON.stringify(rules)}` : ''}`, () => {
    assert.throws(() => parseDuration(text, '--ttl', rules), isUsage(problem));
  });
}

test('parts of a second are kept where whole seconds are not asked for', () => {
  assert.equal(parseDuration('0.25', '--interval', { wholeSeconds: false }), 250);
});

test('the refusal names the flag, shows the value escaped and gives examples, in one line', () => {
  assert.throws(() => parseDuration('a\n\x1b[31mb', '--timeout'), {
    message: "--timeout 'a\\n\\x1b[31mb' is not a duration; write for example 90, 90s, 5m, 2h, 1d, or -1 for none",
  });
});

function isUsage(problem: RegExp) {
  return (error: unknown) =>
    error instanceof RqtError && error.code === 'usage' && problem.test(error.message) && !error.message.includes('\n');
}

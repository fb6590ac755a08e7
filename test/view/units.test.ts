import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes } from '../../src/bytes.ts';
import { formatCount, plural } from '../../src/view/count.ts';
import { formatAge, formatCoarse, formatDuration } from '../../src/view/duration.ts';
import { formatClock, formatTime, formatZone, isoTime } from '../../src/view/time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const durations: [number, string][] = [
  [-5, '0 ms'],
  [0, '0 ms'],
  [12, '12 ms'],
  [999.9, '999 ms'],
  [1000, '1 s'],
  [1349, '1.3 s'],
  [59_999, '59.9 s'],
  [MINUTE_MS, '1 min'],
  [125_900, '2 min 5 s'],
  [HOUR_MS - 1, '59 min 59 s'],
  [3 * HOUR_MS + 10 * MINUTE_MS + 59_000, '3 h 10 min'],
  [4 * DAY_MS + 2 * HOUR_MS, '4 d 2 h'],
  [365 * DAY_MS, '365 d'],
];
for (const [ms, expected] of durations) {
  test(`${ms} ms last ${expected}`, () => assert.equal(formatDuration(ms), expected));
}

const ages: [number, string][] = [
  [0, 'just now'],
  [-999, 'just now'],
  [12_000, '12 s ago'],
  [3 * HOUR_MS + 59 * MINUTE_MS, '3 h ago'],
  [-3 * MINUTE_MS - 1000, 'in 3 min'],
  [-DAY_MS, 'in 1 d'],
];
for (const [ms, expected] of ages) {
  test(`an age of ${ms} ms is ${expected}`, () => assert.equal(formatAge(ms), expected));
}

test('a coarse duration is never below seconds', () => assert.equal(formatCoarse(12), '0 s'));

const sizes: [number, string][] = [
  [0, '0 B'],
  [999, '999 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [65_536, '64 KiB'],
  [138_354, '135.1 KiB'],
  [2 ** 20 - 10, '1 MiB'],
  [1_300_000, '1.2 MiB'],
  [5e18, '4440.9 PiB'],
];
for (const [bytes, expected] of sizes) {
  test(`${bytes} bytes are ${expected}`, () => assert.equal(formatBytes(bytes), expected));
}

const counts: [number, string][] = [
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
];
for (const [count, expected] of counts) {
  test(`the count ${count} is ${expected}`, () => assert.equal(formatCount(count), expected));
}

test('one job is singular', () => assert.equal(plural(1, 'job'), '1 job'));
test('no jobs are plural', () => assert.equal(plural(0, 'job'), '0 jobs'));
test('a noun may have a plural of its own', () => assert.equal(plural(2, 'retry', 'retries'), '2 retries'));

const winterMs = Date.UTC(2026, 10, 23, 15, 47, 50, 123);
const summerMs = Date.UTC(2026, 6, 1, 12, 0, 0);
const berlin = { timeZone: 'Europe/Berlin' };

test('a time is local to its zone', () => assert.equal(formatTime(winterMs, berlin), '2026-11-23 16:47:50'));
test('a time knows summer', () => assert.equal(formatTime(summerMs, berlin), '2026-07-01 14:00:00'));
test('the clock has milliseconds', () => assert.equal(formatClock(winterMs, { timeZone: 'UTC' }), '15:47:50.123'));
test('midnight is 00', () => assert.equal(formatClock(Date.UTC(2026, 0, 1), { timeZone: 'UTC' }), '00:00:00.000'));
test('a zone is its offset', () => assert.equal(formatZone(winterMs, berlin), '+01:00'));
test('a zone may lie half an hour off', () => assert.equal(formatZone(winterMs, { timeZone: 'America/St_Johns' }), '-03:30'));
test('UTC is called UTC', () => assert.equal(formatZone(winterMs, { timeZone: 'UTC' }), 'UTC'));
test('a time that no calendar has is a question mark', () => assert.equal(formatTime(Number.NaN, berlin), '?'));
test('a time beyond the year 9999 is a question mark', () => assert.equal(formatTime(1e17, berlin), '?'));
test('without a zone the time is the machine’s own', () => {
  const date = new Date(winterMs);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
  assert.equal(formatClock(winterMs, {}), `${clock}.123`);
});
test('JSON has times in UTC', () => assert.equal(isoTime(winterMs), '2026-11-23T15:47:50.123Z'));
test('JSON has null for a time that no calendar has', () => assert.equal(isoTime(Number.POSITIVE_INFINITY), null));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandRetry, parseRetry, type RetryFlags } from '../../src/parse/retry.ts';

const none: RetryFlags = {
  max: undefined,
  intervals: [],
  backoff: undefined,
  delay: undefined,
  maxDelay: undefined,
  jitter: false,
};
const HOUR = 3600;

const good: readonly [what: string, flags: Partial<RetryFlags>, intervals: readonly number[]][] = [
  ['--retry-max 3', { max: '3' }, [0, 0, 0]],
  ['one interval for all', { max: '3', intervals: ['10'] }, [10, 10, 10]],
  ['a comma list, the last one repeats', { max: '5', intervals: ['10,30s,1m'] }, [10, 30, 60, 60, 60]],
  ['a repeated flag', { max: '2', intervals: ['10', '1m'] }, [10, 60]],
  ['lists and repeats', { max: '3', intervals: ['0,30', ' 60 '] }, [0, 30, 60]],
  ['exponential', { max: '5', backoff: 'exponential', delay: '3s' }, [3, 6, 12, 24, 48]],
  ['exponential, capped', { max: '5', backoff: 'exponential', delay: '10', maxDelay: '1m' }, [10, 20, 40, 60, 60]],
  ['exponential, 5 s when nothing is said', { max: '2', backoff: 'exponential' }, [5, 10]],
  ['linear', { max: '4', backoff: 'linear', delay: '5s' }, [5, 10, 15, 20]],
  ['linear, capped', { max: '4', backoff: 'linear', delay: '5s', maxDelay: '12s' }, [5, 10, 12, 12]],
  ['a delay above the cap that nobody asked for', { max: '2', backoff: 'exponential', delay: '2h' }, [2 * HOUR, 2 * HOUR]],
];
for (const [what, flags, intervals] of good) {
  test(`${what}: ${intervals.join(', ')} seconds`, () => {
    assert.deepEqual(parseRetry({ ...none, ...flags }), { intervals, jitter: false });
  });
}

test('a thousand exponential retries stay at the cap of an hour', () => {
  const plan = parseRetry({ ...none, max: '1000', backoff: 'exponential' });
  assert.equal(plan?.intervals.length, 1000);
  assert.equal(plan?.intervals.at(-1), HOUR);
});

test('without any of the flags there are no retries', () => {
  assert.equal(parseRetry(none), null);
});

const bad: readonly [flags: Partial<RetryFlags>, message: RegExp][] = [
  [{ max: '0' }, /^--retry-max '0' is less than 1; write for example --retry-max 3$/],
  [{ max: '1001' }, /is more than 1000/],
  [{ max: '-1' }, /is negative/],
  [{ max: '1.5' }, /is not a whole number/],
  [{ max: '3', intervals: ['x'] }, /^--retry-interval 'x' is not a duration/],
  [
    { max: '3', intervals: ['10,,30'] },
    /^--retry-interval '10,,30' has an empty duration; write for example --retry-interval 10,30s,1m$/,
  ],
  [{ max: '3', intervals: ['-1'] }, /is negative/],
  [{ max: '3', intervals: ['0.5'] }, /no whole number of seconds/],
  [{ max: '2', intervals: ['1,2,3'] }, /has 3 waits and --retry-max allows 2 retries; write for example --retry-max 3/],
  [
    { intervals: ['10'] },
    /^--retry-interval says how retries wait, and there are none; write for example --retry-max 3 --retry-interval 10,30,60$/,
  ],
  [{ backoff: 'linear' }, /^--backoff says how retries wait/],
  [{ delay: '5s' }, /^--retry-delay says how retries wait/],
  [{ jitter: true }, /^--jitter says how retries wait/],
  [{ max: '3', intervals: ['10'], backoff: 'linear' }, /give one of them; write for example --retry-max 3 --backoff exponential/],
  [
    { max: '3', delay: '5s' },
    /^--retry-delay needs --backoff; write for example --retry-max 5 --backoff exponential --retry-delay 5s$/,
  ],
  [{ max: '3', intervals: ['9'], maxDelay: '5s' }, /^--retry-max-delay needs --backoff/],
  [{ max: '3', jitter: true }, /^--jitter needs waits to vary/],
  [
    { max: '3', backoff: 'cubic' },
    /^--backoff 'cubic' is not known; write for example --backoff exponential or --backoff linear$/,
  ],
  [{ max: '3', backoff: 'linear', delay: '0' }, /^--retry-delay '0' is zero/],
  [{ max: '3', backoff: 'linear', delay: '1h', maxDelay: '1m' }, /--retry-max-delay is shorter than --retry-delay/],
];
for (const [flags, message] of bad) {
  test(`${JSON.stringify(flags)} is refused`, () => {
    assert.throws(() => parseRetry({ ...none, ...flags }), { code: 'usage', message });
  });
}

test("RQ's rule finds the n-th interval at the n-th failure", () => {
  const { retriesLeft, intervals } = expandRetry({ intervals: [10, 30, 60], jitter: false });
  const waits = [];
  for (let left = retriesLeft; left > 0; left--) waits.push(intervals[Math.max(intervals.length - left, 0)]);
  assert.deepEqual(waits, [10, 30, 60]);
});

test('intervals that are all zero are no list: a Python worker fails on an empty one', () => {
  assert.deepEqual(expandRetry({ intervals: [0, 0], jitter: false }), { retriesLeft: 2, intervals: [] });
});

test('jitter is between half of an interval and all of it, in whole seconds', () => {
  const plan = { intervals: [0, 1, 5, 60], jitter: true };
  assert.deepEqual(expandRetry(plan, () => 0).intervals, [0, 1, 3, 30]);
  assert.deepEqual(expandRetry(plan, () => 0.5).intervals, [0, 1, 4, 45]);
  assert.deepEqual(expandRetry(plan, () => 1 - Number.EPSILON).intervals, [0, 1, 5, 60]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../src/parse/nearest.ts';

const flags = [
  'queue',
  'timeout',
  'result-ttl',
  'failure-ttl',
  'ttl',
  'description',
  'job-id',
  'at-front',
  'unique',
  'quiet',
  'json',
  'lines',
];
const cases: readonly [word: string, expected: string | null][] = [
  ['quue', 'queue'],
  ['qeuue', 'queue'],
  ['timout', 'timeout'],
  ['tmieout', 'timeout'],
  ['Timeout', 'timeout'],
  ['result_ttl', 'result-ttl'],
  ['jobid', 'job-id'],
  ['uniq', 'unique'],
  ['desc', 'description'],
  ['ttt', 'ttl'],
  ['q', null],
  ['', null],
  ['xyzzy', null],
  ['retry-max', null],
  ['x'.repeat(10_000), null],
];
for (const [word, expected] of cases) {
  test(`'${word.slice(0, 20)}' ${expected === null ? 'is near to nothing' : `most likely means '${expected}'`}`, () => {
    assert.equal(nearest(word, flags), expected);
  });
}

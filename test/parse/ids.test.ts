import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJobIds } from '../../src/parse/ids.ts';

const good: readonly [values: readonly string[], ids: readonly string[]][] = [
  [[], []],
  [['a'], ['a']],
  [['a,b'], ['a', 'b']],
  [
    ['a,b', 'c'],
    ['a', 'b', 'c'],
  ],
  [
    ['b, a', 'a', 'b,c'],
    ['b', 'a', 'c'],
  ],
];
for (const [values, ids] of good) {
  test(`--depends-on ${JSON.stringify(values)} is ${JSON.stringify(ids)}`, () => {
    assert.deepEqual(parseJobIds(values, '--depends-on'), ids);
  });
}

for (const value of ['', ',', 'a,', ',a', 'a,,b', ' ']) {
  test(`--depends-on '${value}' is refused: an empty id`, () => {
    const message = `--depends-on '${value}' has an empty job id; write for example --depends-on fetch,unpack`;
    assert.throws(() => parseJobIds([value], '--depends-on'), { code: 'usage', message });
  });
}

for (const value of ['a b', 'a;b', 'a,b/c', 'é']) {
  test(`--depends-on '${value}' is refused: other characters`, () => {
    assert.throws(() => parseJobIds([value], '--depends-on'), { code: 'usage', message: /has other characters/ });
  });
}

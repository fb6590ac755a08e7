import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveJobId } from '../../src/parse/dedupe.ts';
import { parseJobId } from '../../src/parse/names.ts';

const call = { task: 'm#f', args: ['a', { x: 1, y: [2] }], kwargs: { k: 'v', l: null } };
const id = deriveJobId('default', call);

test('a derived id is a job id of 32 hex digits', () => {
  assert.match(parseJobId(id), /^[0-9a-f]{32}$/);
});

test('the order of keywords and of keys does not change the id', () => {
  assert.equal(deriveJobId('default', { task: 'm#f', args: ['a', { y: [2], x: 1 }], kwargs: { l: null, k: 'v' } }), id);
});

test('the id stays the same from one release to the next, since it lives in crontabs', () => {
  assert.equal(deriveJobId('default', { task: 'm#f', args: ['a'], kwargs: { x: '1' } }), '326df83c8e2e62a823ea9750502e8228');
});

const others = [
  ['queue', 'high', call],
  ['task', 'default', { ...call, task: 'm#g' }],
  ['argument', 'default', { ...call, args: ['b', { x: 1, y: [2] }] }],
  ['type of an argument', 'default', { ...call, args: ['a', { x: '1', y: [2] }] }],
  ['keyword', 'default', { ...call, kwargs: { k: 'v' } }],
  ['place of a value', 'default', { ...call, args: ['a'], kwargs: { ...call.kwargs, x: 1 } }],
] as const;
for (const [what, queue, other] of others) {
  test(`another ${what} gives another id`, () => {
    assert.notEqual(deriveJobId(queue, other), id);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findJsonFlaw, parseJson } from '../../src/parse/json.ts';

const samples = [
  '[1, "a", {"b": null, "c": [true, false]}]',
  '{}',
  '[]',
  '-1.5e-3',
  '"\\u00e9\\n"',
  '{"": {"": []}}',
  ' [ { "k" : [ 1 , 2 ] } ] ',
];

test('every text that differs from JSON in one character is judged as JSON.parse judges it', () => {
  for (const sample of samples) {
    for (const text of mutate(sample)) {
      const flaw = findJsonFlaw(text);
      assert.equal(flaw === null || flaw.kind === 'number', isJson(text), text);
    }
  }
});

test('a flaw is never placed after the first character that can follow no longer', () => {
  for (const [text, at] of [
    ['[1,]', 3],
    ['{"a" 1}', 5],
    ['{,}', 1],
    ['[1}', 2],
    ['01', 1],
    ['tru', 0],
    ['{"a":1,}', 7],
    ['1 ]', 2],
  ] as const) {
    assert.deepEqual(findJsonFlaw(text), { kind: 'syntax', at }, text);
  }
});

test('500 levels are read and 501 are not', () => {
  assert.equal(findJsonFlaw('['.repeat(500) + ']'.repeat(500)), null);
  assert.deepEqual(findJsonFlaw('['.repeat(501) + ']'.repeat(501)), { kind: 'depth', at: 500 });
});

test('a string of many megabytes with escapes is read', () => {
  const text = JSON.stringify('a\n'.repeat(5_000_000));
  assert.equal(parseJson(text, 'argument 1', ''), 'a\n'.repeat(5_000_000));
});

function* mutate(sample: string): Generator<string> {
  for (let at = 0; at <= sample.length; at += 1) {
    yield sample.slice(0, at);
    yield sample.slice(0, at) + sample.slice(at + 1);
    for (const char of '[]{},:"0-.e+tn\\ \n\tx') yield sample.slice(0, at) + char + sample.slice(at);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

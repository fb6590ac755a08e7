import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultText } from '../../src/view/result.ts';
import { commandsIn } from './looks.ts';

const forPipe = { raw: false, forTerminal: false };
const forTerminal = { raw: false, forTerminal: true };

test('a terminal gets JSON laid out, a pipe gets it as it was kept', () => {
  assert.equal(resultText('{"a": [1]}', forTerminal), '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(resultText('{"a": [1]}', forPipe), '{"a": [1]}');
});
test('no result is null, raw or not', () => {
  assert.deepEqual([resultText(null, forPipe), resultText(null, { raw: true, forTerminal: false })], ['null', 'null']);
});
test('a raw text has no quotes; what is no text stays JSON', () => {
  assert.equal(resultText('"a\\n\\u001b[2J"', { raw: true, forTerminal: false }), 'a\n\u001b[2J');
  assert.equal(resultText('[1]', { raw: true, forTerminal: false }), '[1]');
});
test('nothing that a job returned reaches the terminal as a command', () => {
  for (const json of ['"\\u001b[2J\\u202e"', '["\\u009b2J"]', '[NaN, "\u001b[2J"]']) {
    for (const raw of [true, false]) assert.deepEqual(commandsIn(resultText(json, { raw, forTerminal: true })), []);
  }
});
test('integers are exact, and NaN is a text', () => {
  assert.equal(resultText('[12345678901234567890]', forTerminal), '[\n  12345678901234567890\n]');
  assert.equal(resultText('[12345678901234567890, NaN]', forPipe), '[12345678901234567890,"NaN"]');
});

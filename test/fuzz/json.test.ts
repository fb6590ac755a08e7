import assert from 'node:assert/strict';
import { readJson, writeJson } from '../../src/parse/exact-json.ts';
import { fuzz, mutated } from './fuzz.ts';

const samples = [
  '["m#f", null, [12345678901234567890, -1.5e-3, "\\u00e9\\"\\\\", NaN], {"k": [-Infinity, {"__proto__": 9007199254740993}]}]',
  '[[], {}, "", 1234567890123456, 12345678901234567, -0, 1e22, true, false, null, Infinity]',
].map(text => Buffer.from(text));

fuzz({
  title: 'JSON that is read exactly is written so that it reads as the same',
  inputs: 20_000,
  make: random => mutated(samples, random).toString('utf8'),
  read: text => {
    let value: unknown;
    try {
      value = readJson(text);
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
      return;
    }
    const written = writeJson(value) ?? '';
    assert.equal(writeJson(readJson(written)), written);
  },
  show: text => JSON.stringify(text),
});

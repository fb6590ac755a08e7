import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, workat } from '../../tasks/hello.ts';

test('hello greets and returns what RQ’s example returns', t => {
  const log = t.mock.method(console, 'log', () => {});
  assert.deepEqual(hello('yangyi'), ['yangyi', '192.168.0.1', 1024]);
  assert.deepEqual(log.mock.calls[0]?.arguments, ['Hello, yangyi!']);
});

test('workat greets, and throws a TypeError without a name', t => {
  const log = t.mock.method(console, 'log', () => {});
  assert.equal(workat('yangyi'), 'yangyi');
  assert.equal(log.mock.callCount(), 1);
  assert.throws(() => workat(), TypeError);
});

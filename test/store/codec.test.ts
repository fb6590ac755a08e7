import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import {
  decodeCall,
  decodeError,
  decodeResult,
  encodeCall,
  encodeError,
  encodeResult,
  msOfSeconds,
  parseEpoch,
  parseStamp,
  secondsOf,
} from '../../src/store/codec.ts';

const CALLS = {
  short: { task: 'm#f', args: [], kwargs: {} },
  mixed: { task: 'tasks/mail#send', args: ['hello', 1.5, null, true, [{ a: 'ü🎉' }]], kwargs: { x: '1', __proto__x: {} } },
  long: { task: 'm#f', args: ['x'.repeat(100_000)], kwargs: {} },
};

for (const [what, call] of Object.entries(CALLS)) {
  test(`a ${what} call becomes a zlib stream of RQ's JSON, and comes back`, async () => {
    const data = encodeCall(call);
    assert.deepEqual(JSON.parse(inflateSync(data).toString()), [call.task, null, call.args, call.kwargs]);
    assert.deepEqual(await decodeCall(data), { call, opaque: null, serializer: 'json' });
  });
}

test('every length around the end of stored blocks is a valid zlib stream', async () => {
  for (let length = 0; length < 400; length += 1) {
    const call = { task: 'm#f', args: ['é'.repeat(length)], kwargs: {} };
    assert.deepEqual(JSON.parse(inflateSync(encodeCall(call)).toString())[2], call.args);
    assert.deepEqual((await decodeCall(encodeCall(call))).call, call);
  }
});

test('a long call is compressed', () => {
  assert.ok(encodeCall(CALLS.long).length < 1000);
});

test("Python's data are read: any zlib level, or none", async () => {
  const json = Buffer.from('["pkg.mod.fn", null, ["a"], {"k": [1, 2]}]');
  const call = { task: 'pkg.mod.fn', args: ['a'], kwargs: { k: [1, 2] } };
  for (const data of [json, deflateSync(json), deflateSync(json, { level: 0 }), deflateSync(json, { level: 9 })])
    assert.deepEqual(await decodeCall(data), { call, opaque: null, serializer: 'json' });
});

for (const [what, data, opaque] of [
  ['a damaged pickle', deflateSync(Buffer.from([0x80, 0x04, 0x95, 0x2e])), 'a pickle that is damaged (it ends too early)'],
  ['a pickle of nothing', Buffer.from([0x80, 0x04, 0x2e]), 'a pickle that is damaged (an empty stack)'],
  ['nothing', Buffer.alloc(0), 'the job has no payload'],
  ['bytes that are no stream', Buffer.from([0x78, 0x9c, 0xff, 0xff]), 'a damaged payload'],
  ['a cut stream', encodeCall(CALLS.long).subarray(0, 50), 'a damaged payload'],
  ['other JSON', Buffer.from('{"task": "m#f"}'), 'a payload that is not [task, null, args, kwargs]'],
  ['a list of other things', Buffer.from('[1, null, [], {}]'), 'a payload that is not [task, null, args, kwargs]'],
  ['keywords that are a list', Buffer.from('["m#f", null, [], []]'), 'a payload that is not [task, null, args, kwargs]'],
  ['a method', Buffer.from('["upper", "text", [], {}]'), 'a method of an object, which only Python has'],
  ['an integer that Python would not read', Buffer.from(`["m#f", null, [${'1'.repeat(4301)}], {}]`), 'a damaged payload'],
] as const) {
  test(`${what} is told as what it is, and no call`, async () => {
    const { call, opaque: told } = await decodeCall(data);
    assert.deepEqual([call, told], [null, opaque]);
  });
}

test('long digits in text, and long fractions, are no obstacle', async () => {
  const json = '["m#f", null, ["12345678901234567890", 0.12345678901234567890, 1e100], {}]';
  assert.deepEqual((await decodeCall(Buffer.from(json))).call?.args, ['12345678901234567890', 0.12345678901234568, 1e100]);
});

test('an error is base64 over zlib over UTF-8', () => {
  for (const text of ['', 'short: ü', 'long ü '.repeat(1000)]) {
    assert.equal(inflateSync(Buffer.from(encodeError(text), 'base64')).toString(), text);
    assert.equal(decodeError(encodeError(text)), text);
  }
});

test("integers of any size, and Python's NaN, come and go as they are", async () => {
  const json = '["m#f",null,[9007199254740993,-123456789012345678901,NaN,-Infinity],{"n":[12345678901234567890,null]}]';
  const { call } = await decodeCall(Buffer.from(json));
  assert.deepEqual(call?.args, [9007199254740993n, -123456789012345678901n, Number.NaN, Number.NEGATIVE_INFINITY]);
  assert.equal(inflateSync(encodeCall(call)).toString(), json);
});

test('a payload that would inflate to more than rqt reads is not inflated', async () => {
  const bomb = deflateSync(Buffer.concat([Buffer.from([0x80, 4]), Buffer.alloc(40 * 2 ** 20)]));
  assert.deepEqual(await decodeCall(bomb), {
    call: null,
    opaque: 'a payload that is larger than rqt reads',
    serializer: 'pickle',
  });
});

test('a result is base64 over JSON, and null is none', async () => {
  assert.equal(Buffer.from(await encodeResult('{"a":"ü"}', 'json'), 'base64').toString(), '{"a":"ü"}');
  assert.deepEqual(await decodeResult(await encodeResult('[1,2]', 'json')), { json: '[1,2]', opaque: null });
  for (const serializer of ['json', 'pickle'] as const)
    assert.deepEqual([await encodeResult(null, serializer), await encodeResult('null', serializer)], ['', '']);
});

test('a pickled result comes back as JSON, and one that cannot be read says why', async () => {
  const json = '{"a":[1,-0.5,12345678901234567890,"ü",true,null]}';
  assert.deepEqual(await decodeResult(await encodeResult(json, 'pickle')), { json, opaque: null });
  const { json: none, opaque } = await decodeResult(Buffer.from([0x80, 0x04, 0x2e]).toString('base64'));
  assert.deepEqual([none, opaque], [null, 'a pickle that is damaged (an empty stack)']);
});

test("RQ's timestamps are read with 0 to 6 digits of a second", () => {
  const at = Date.UTC(2026, 10, 23, 15, 47, 50);
  assert.equal(parseStamp('2026-11-23T15:47:50Z'), at);
  assert.equal(parseStamp('2026-11-23T15:47:50.1Z'), at + 100);
  assert.equal(parseStamp('2026-11-23T15:47:50.123456Z'), at + 123);
});

test('a time that is empty, missing or malformed is none', () => {
  for (const text of ['', undefined, null, 'yesterday']) assert.equal(parseStamp(text), null);
  for (const text of ['', undefined, null, 'x', 'inf']) assert.equal(parseEpoch(text), null);
});

test('seconds round up, and none is -1', () => {
  assert.deepEqual([secondsOf(1), secondsOf(1000), secondsOf(0), secondsOf(null)], [1, 1, 0, -1]);
  assert.deepEqual(
    [msOfSeconds('5', 1), msOfSeconds('-1', 1), msOfSeconds('', 1), msOfSeconds('x', null)],
    [5000, null, 1, null],
  );
});

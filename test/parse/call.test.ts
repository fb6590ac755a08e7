import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseCall } from '../../src/parse/call.ts';

const folder = mkdtempSync(join(tmpdir(), 'rqt-call-'));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
writeFileSync(path('text'), 'one\r\ntwo\n');
writeFileSync(path('json'), '\ufeff{"a": [1]}\n');
writeFileSync(path('latin1'), Buffer.from('caf\xe9', 'latin1'));
writeFileSync(path('empty'), '');

interface Case {
  readonly words: readonly string[];
  readonly plain?: readonly string[];
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

const good: readonly Case[] = [
  { words: [] },
  { words: ['a', ''], args: ['a', ''] },
  { words: ['x=1'], kwargs: { x: '1' } },
  { words: ['x='], kwargs: { x: '' } },
  { words: ['x=a=b'], kwargs: { x: 'a=b' } },
  { words: ['a', 'x=1', 'b'], args: ['a', 'b'], kwargs: { x: '1' } },
  { words: [':1', ':"a"', ':null', ': [1, {"k": true}] '], args: [1, 'a', null, [1, { k: true }]] },
  { words: ['n:=[1,2]'], kwargs: { n: [1, 2] } },
  { words: ['größe=1', 'dry-run=yes', '_=2'], kwargs: { größe: '1', 'dry-run': 'yes', _: '2' } },
  {
    words: ['=x', 'a:b', 'a:b=c', '100%=x', '9=x', 'a b=c', 'a.b=c'],
    args: ['=x', 'a:b', 'a:b=c', '100%=x', '9=x', 'a b=c', 'a.b=c'],
  },
  { words: ['https://host/?a=b'], args: ['https://host/?a=b'] },
  { words: ['a'], plain: [':1', 'x=1', '%s', '@no', '--flag', ''], args: ['a', ':1', 'x=1', '%s', '@no', '--flag', ''] },
  { words: [`@${path('text')}`, `x=@${path('text')}`], args: ['one\r\ntwo\n'], kwargs: { x: 'one\r\ntwo\n' } },
  { words: [`:@${path('json')}`, `x:=@${path('json')}`], args: [{ a: [1] }], kwargs: { x: { a: [1] } } },
  { words: [`@${path('empty')}`], args: [''] },
  { words: ['a@b', 'x=a@b'], args: ['a@b'], kwargs: { x: 'a@b' } },
  {
    words: [':9007199254740993.0', ':1e3', ':-0.5', ':9007199254740991'],
    args: [9007199254740992, 1000, -0.5, 9007199254740991],
  },
  { words: [':"12345678901234567890"'], args: ['12345678901234567890'] },
];
for (const { words, plain = [], args = [], kwargs = {} } of good) {
  const shown = [...words, ...(plain.length > 0 ? ['--', ...plain] : [])].join(' ').replaceAll(folder, '…');
  test(`the words ${JSON.stringify(shown)} are args ${JSON.stringify(args)} and kwargs ${JSON.stringify(kwargs)}`, () => {
    assert.deepEqual(parseCall('m#f', words, plain, readFileSync), { task: 'm#f', args, kwargs });
  });
}

test('an integer of any size is exact', () => {
  assert.deepEqual(parseCall('m#f', ['n:=9007199254740993', ':[-123456789012345678901]'], [], readFileSync), {
    task: 'm#f',
    args: [[-123456789012345678901n]],
    kwargs: { n: 9007199254740993n },
  });
});

const bad: readonly [words: readonly string[], code: string, message: RegExp][] = [
  [
    ['a', ':[1,x]'],
    'data',
    /^argument 2 is not JSON: '\[1,x\]' goes wrong at character 4, 'x\]'; write for example ':\[1, "two"\]', in/,
  ],
  [['n:={k: 1}'], 'data', /^keyword 'n' is not JSON: '\{k: 1\}' goes wrong at character 2, 'k: 1\}'/],
  [[':[1'], 'data', /ends too early/],
  [[':'], 'data', /ends too early/],
  [[':NaN'], 'data', /goes wrong at character 1/],
  [[':1 2'], 'data', /goes wrong at character 3/],
  [[':"a'], 'data', /goes wrong at character 1/],
  [[`x:=${'1'.repeat(4301)}`], 'data', /^keyword 'x' has a number that cannot be kept exactly, '1{20}' at character 1; pass it/],
  [[':1e999'], 'data', /cannot be kept exactly/],
  [[`:${'['.repeat(1000)}`], 'data', /nested deeper than 500 levels/],
  [['x=1', 'x:=2'], 'data', /^keyword 'x' is given twice/],
  [['%None'], 'data', /^argument 1, '%None', is a Python literal.*':\[1, null\]'/],
  [['k%=None'], 'data', /^keyword 'k', 'k%=None', is a Python literal.*'k:=\[1, null\]'/],
  [['@/no/such'], 'missing', /^argument 1: file '\/no\/such' does not exist; for text that starts with @, put it after --$/],
  [['@'], 'data', /^argument 1: @ is followed by no name of a file; /],
  [[':@'], 'data', /^argument 1: @ is followed by no name of a file; /],
  [['k:=@'], 'data', /^keyword 'k': @ is followed by no name of a file; /],
  [['a', 'x=@/no/such'], 'missing', /^keyword 'x': file/],
  [[`@${folder}`], 'missing', /is a directory/],
  [[`x=@${path('latin1')}`], 'data', /is not UTF-8/],
  [[`:@${path('text')}`], 'data', /goes wrong at character 1/],
];
for (const [words, code, message] of bad) {
  test(`the words ${JSON.stringify(words.join(' ').replaceAll(folder, '…').slice(0, 60))} are refused as ${code}`, () => {
    assert.throws(() => parseCall('m#f', words, [], readFileSync), { code, message });
  });
}

test('__proto__ is a keyword and a JSON key like any other', () => {
  const { args, kwargs } = parseCall('m#f', [':{"__proto__": {"x": 1}}', '__proto__=p'], [], readFileSync);
  assert.equal(JSON.stringify([args, kwargs]), '[[{"__proto__":{"x":1}}],{"__proto__":"p"}]');
  assert.equal(Reflect.get({}, 'x'), undefined);
});

test('a flaw in a file is placed by line and character', () => {
  const read = () => Buffer.from('{\n  "a": 1,\n}');
  assert.throws(() => parseCall('m#f', ['x:=@f'], [], read), { code: 'data', message: /goes wrong at line 3, character 1/ });
});

test('hostile bytes are escaped and cut in a refusal, which stays one line', () => {
  const word = `:\x1b[31m\n${'x'.repeat(10_000)}`;
  assert.throws(
    () => parseCall('m#f', [word], [], readFileSync),
    (error: Error) => error.message.length < 400 && !/\p{Cc}/u.test(error.message),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeta } from '../../src/parse/meta.ts';

const readFile = (path: string) => {
  if (path === 'note') return Buffer.from('{"a": 1}\n');
  throw Object.assign(new Error('no'), { code: 'ENOENT' });
};

const good: readonly [values: readonly string[], meta: Readonly<Record<string, unknown>>][] = [
  [[], {}],
  [['owner=ann'], { owner: 'ann' }],
  [['a=', 'b=x=y'], { a: '', b: 'x=y' }],
  [['tags:=["a"]', 'n:=1', 'none:=null'], { tags: ['a'], n: 1, none: null }],
  [['text=@note', 'json:=@note'], { text: '{"a": 1}\n', json: { a: 1 } }],
];
for (const [values, meta] of good) {
  test(`--meta ${JSON.stringify(values)} is ${JSON.stringify(meta)}`, () => {
    assert.deepEqual(parseMeta(values, readFile), meta);
  });
}

const bad: readonly [values: readonly string[], code: string, message: RegExp][] = [
  [['owner'], 'usage', /^--meta 'owner' has no =value; write for example --meta owner=ann or --meta 'tags:=\["a"\]'$/],
  [[''], 'usage', /has no key/],
  [['=x'], 'usage', /has no key/],
  [[':1'], 'usage', /has no key/],
  [['a=1', 'a=2'], 'usage', /^--meta 'a' is given twice/],
  [['a:=x'], 'data', /^--meta 'a' is not JSON: .*; write for example 'a:=\{"a": null\}', in single quotes$/],
  [['a%=1'], 'data', /Python literal/],
  [['a=@gone'], 'missing', /^--meta 'a': file 'gone' does not exist/],
];
for (const [values, code, message] of bad) {
  test(`--meta ${JSON.stringify(values)} is refused as ${code}`, () => {
    assert.throws(() => parseMeta(values, readFile), { code, message });
  });
}

test('__proto__ is a key like any other', () => {
  assert.equal(JSON.stringify(parseMeta(['__proto__=x'], readFile)), '{"__proto__":"x"}');
});

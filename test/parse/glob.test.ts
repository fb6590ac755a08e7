import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGlob } from '../../src/parse/glob.ts';

const cases: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ['mail#send', ['mail#send'], ['mail#sen', 'mail#send2', 'MAIL#SEND', '']],
  ['*', ['', 'a', 'a/b#c'], []],
  ['mail#*', ['mail#', 'mail#send'], ['mail', 'xmail#send']],
  ['*#send', ['mail#send', 'a/b#send'], ['mail#sender']],
  ['*mail*', ['mail', 'a/mail/b#c'], ['mai']],
  ['a*b*c', ['abc', 'a1b2c', 'abbcbc'], ['ab', 'acb', 'abcd']],
  ['a?c', ['abc', 'a#c', 'a😀c'], ['ac', 'abbc']],
  ['?*', ['a', 'ab'], ['']],
  ['**', ['', 'ab'], []],
  ['a.c', ['a.c'], ['abc']],
  ['[ab]\\*', ['[ab]\\', '[ab]\\x'], ['a*']],
  ['a\nb', ['a\nb'], ['a b']],
  ['a*', ['a\nb'], []],
];
for (const [pattern, yes, no] of cases) {
  test(`${JSON.stringify(pattern)} matches ${JSON.stringify(yes)} and not ${JSON.stringify(no)}`, () => {
    const matches = parseGlob(pattern, '--task');
    for (const text of yes) assert.equal(matches(text), true, text);
    for (const text of no) assert.equal(matches(text), false, text);
  });
}

test('a hostile pattern costs no more than its length times that of the text', () => {
  assert.equal(parseGlob(`${'*a'.repeat(200)}*b`, '--task')('a'.repeat(5000)), false);
});

test('an empty pattern is refused', () => {
  assert.throws(() => parseGlob('', '--task'), { code: 'usage', message: "--task is empty; write for example --task 'mail#*'" });
});

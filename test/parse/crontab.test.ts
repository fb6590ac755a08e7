import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RqtError } from '../../src/errors.ts';
import { parseCrontab } from '../../src/parse/crontab.ts';
import { quoteShellWord, splitShellWords } from '../../src/parse/shell-words.ts';

const read = (...lines: string[]) => parseCrontab(lines.join('\n'), 'jobs.cron');

test('a line is name, fields, task, arguments and flags', () => {
  assert.deepEqual(read('nightly  30 2 * * *  report#nightly all x=1 --queue reports -- -a'), [
    {
      where: 'jobs.cron:1',
      name: 'nightly',
      expression: '30 2 * * *',
      words: ['report#nightly', 'all', 'x=1', '--queue', 'reports'],
      plainWords: ['-a'],
      zone: undefined,
    },
  ]);
});

const EXPRESSIONS: readonly (readonly [line: string, expression: string])[] = [
  ['a */5 * * * * m#f', '*/5 * * * *'],
  ['a */5 * * * * * m#f', '*/5 * * * * *'],
  ['a @daily m#f', '@daily'],
  ["a '*/5 * * * *' m#f", '*/5 * * * *'],
  ['a 0 9 * * MON-FRI m#f', '0 9 * * MON-FRI'],
  ['a 0 0 9 * * mon-fri,SUN m#f', '0 0 9 * * mon-fri,SUN'],
  ['a 0 0 9 * * FRI#2 m#f', '0 0 9 * * FRI#2'],
  ['a 0 0 9 L * +1 m#f', '0 0 9 L * +1'],
  ['a 0 9 * * FRI#L month#f', '0 9 * * FRI#L'],
  ['a\t0\t9 * * 1\tm#f', '0 9 * * 1'],
  ['a 0 9 * * 1 jan/report#f', '0 9 * * 1'],
  ['a 0 9 * * 1 sunday.report.f', '0 9 * * 1'],
];
for (const [line, expression] of EXPRESSIONS) {
  test(`${JSON.stringify(line)} has the expression ${expression}`, () => {
    const [entry] = read(line);
    assert.equal(entry?.expression, expression);
    assert.equal(entry?.words.length, 1);
  });
}

test('comments, empty lines, CRLF and a byte order mark mean nothing', () => {
  const entries = parseCrontab('\ufeff# head\r\n\r\n  \r\n a @daily m#f x # said\r\n#b @daily m#f\r\n', 'f');
  assert.deepEqual(
    entries.map(({ where, name, words }) => [where, name, words]),
    [['f:4', 'a', ['m#f', 'x']]],
  );
});

test('TZ= and CRON_TZ= hold for the lines below', () => {
  const entries = read(
    'a @daily m#f',
    'TZ=Europe/Berlin',
    'b @daily m#f',
    ' CRON_TZ = "Australia/Lord_Howe" # there',
    'c @daily m#f',
  );
  assert.deepEqual(
    entries.map(({ name, zone }) => [name, zone]),
    [
      ['a', undefined],
      ['b', 'Europe/Berlin'],
      ['c', 'Australia/Lord_Howe'],
    ],
  );
});

const WRONG: readonly (readonly [lines: readonly string[], message: RegExp])[] = [
  [['', 'a'], /^jobs\.cron:2: 'a' is all there is/],
  [['a @daily'], /^jobs\.cron:1: .*no task/],
  [['a 0 9 * * 1'], /^jobs\.cron:1: .*no task, or too few fields/],
  [['a 0 9 m#f'], /^jobs\.cron:1: .*no task, or too few fields/],
  [["a @daily m#f 'x"], /^jobs\.cron:1: the line has a ' that is not closed/],
  [['a @daily m#f "x'], /^jobs\.cron:1: the line has a " that is not closed/],
  [['a @daily m#f x\\'], /^jobs\.cron:1: the line ends with a backslash/],
  [['MAILTO=me'], /^jobs\.cron:1: MAILTO= means nothing here/],
  [['TZ=Berlin'], /^jobs\.cron:1: TZ= 'Berlin' is not a known time zone; did you mean Europe\/Berlin\?/],
  [['a @daily m#f', 'a @hourly m#g'], /^jobs\.cron:2: 'a' is named a second time; it is on jobs\.cron:1 already/],
];
for (const [lines, message] of WRONG) {
  test(`${JSON.stringify(lines)} is refused with file and line`, () => {
    assert.throws(
      () => read(...lines),
      (error: RqtError) => error.code === 'data' && message.test(error.message),
    );
  });
}

const WORDS: readonly (readonly [line: string, words: readonly string[]])[] = [
  [`a  b\tc`, ['a', 'b', 'c']],
  [`'a b' "c d" e\\ f`, ['a b', 'c d', 'e f']],
  [`'it'\\''s' "say \\"hi\\" \\$x \\n"`, [`it's`, 'say "hi" $x \\n']],
  [`'' "" x`, ['', '', 'x']],
  [`a#b #c d`, ['a#b']],
  [`'#a' \\#b`, ['#a', '#b']],
  [`$HOME \`id\` $(id) *.ts ~ ; |`, ['$HOME', '`id`', '$(id)', '*.ts', '~', ';', '|']],
];
for (const [line, words] of WORDS) {
  test(`${JSON.stringify(line)} is ${words.length} words`, () => assert.deepEqual(splitShellWords(line), words));
}

test('quoted words are read back as they were', () => {
  for (const word of ['', 'a', 'a b', `it's`, '"', '#a', '-x', '\\', '$HOME', 'n:=[1,2]', 'é', '*', '{"a":1}', 'TZ=x'])
    assert.deepEqual(splitShellWords(`x ${quoteShellWord(word)} y`), ['x', word, 'y']);
});

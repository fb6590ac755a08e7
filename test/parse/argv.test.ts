import assert from 'node:assert/strict';
import { test } from 'node:test';
import yargs from 'yargs';
import { type ArgvReading, type OptionSpec, readArgv } from '../../src/parse/argv.ts';
import { toYargsOptions, YARGS_PARSING } from '../../src/parse/yargsOptions.ts';

const specs: readonly OptionSpec[] = [
  { name: 'queue', alias: 'q', type: 'string', describe: 'the queue' },
  { name: 'timeout', type: 'string', describe: 'the limit', value: 'DURATION' },
  { name: 'lines', type: 'string', describe: 'one job per line' },
  { name: 'at-front', type: 'boolean', describe: 'at the front' },
  { name: 'burst', alias: 'b', type: 'boolean', describe: 'burst' },
  { name: 'verbose', alias: 'v', type: 'boolean', describe: 'verbose' },
  { name: 'path', alias: 'P', type: 'list', describe: 'a root' },
];

/** What both readers agree on. */
const understood: readonly [words: string, options: ArgvReading['options'], positionals: readonly string[]][] = [
  ['', {}, []],
  ['m#f a b', {}, ['m#f', 'a', 'b']],
  ['m#f x=1 n:=[1,2] :{"k":null} body=@file', {}, ['m#f', 'x=1', 'n:=[1,2]', ':{"k":null}', 'body=@file']],
  ['--queue high m#f', { queue: 'high' }, ['m#f']],
  ['m#f --queue high a', { queue: 'high' }, ['m#f', 'a']],
  ['--queue=high', { queue: 'high' }, []],
  ['--queue=a=b', { queue: 'a=b' }, []],
  ['--queue=', { queue: '' }, []],
  ['--queue=--x', { queue: '--x' }, []],
  ['-q high m#f', { queue: 'high' }, ['m#f']],
  ['--timeout -1 m#f', { timeout: '-1' }, ['m#f']],
  ['--timeout=-1', { timeout: '-1' }, []],
  ['--timeout -1 -1', { timeout: '-1' }, ['-1']],
  ['--timeout -.5', { timeout: '-.5' }, []],
  ['--timeout 0x10', { timeout: '0x10' }, []],
  ['--timeout 1e3 007 1e3 0x10', { timeout: '1e3' }, ['007', '1e3', '0x10']],
  ['--lines - m#f', { lines: '-' }, ['m#f']],
  ['- -1 -1.5', {}, ['-', '-1', '-1.5']],
  ['--at-front m#f', { 'at-front': true }, ['m#f']],
  ['m#f --at-front a', { 'at-front': true }, ['m#f', 'a']],
  ['--no-at-front', { 'at-front': false }, []],
  ['--no-burst --burst', { burst: true }, []],
  ['--burst --no-burst', { burst: false }, []],
  ['-b -b', { burst: true }, []],
  ['-b --burst', { burst: true }, []],
  ['-bv x', { burst: true, verbose: true }, ['x']],
  ['-b -q x', { burst: true, queue: 'x' }, []],
  ['-bq x y', { burst: true, queue: 'x' }, ['y']],
  ['-P a -P b c', { path: ['a', 'b'] }, ['c']],
  ['--path a b --path=c', { path: ['a', 'c'] }, ['b']],
  ['--path=a', { path: ['a'] }, []],
  ['"quoted" --queue "q"', { queue: '"q"' }, ['"quoted"']],
  ["--queue 'q'", { queue: "'q'" }, []],
  ['a.b=c --queue a.b', { queue: 'a.b' }, ['a.b=c']],
  ['constructor __proto__ toString', {}, ['constructor', '__proto__', 'toString']],
  ['true false null', {}, ['true', 'false', 'null']],
];
for (const [line, options, positionals] of understood) {
  test(`'${line}' is read as yargs reads it`, async () => {
    const words = split(line);
    assert.deepEqual(readArgv(words, specs), { options, positionals });
    assert.deepEqual(await readWithYargs(words), { options, positionals });
  });
}

/** What yargs is to explain: it shows help, refuses, or at least knows what to do. */
const left: readonly string[] = [
  '--help',
  '-h',
  '--version',
  '--',
  '--unknown',
  '--unknown=1',
  '-x',
  '-bx',
  '---',
  '--=',
  '-=',
  '--queue',
  'm#f --queue',
  '--queue --burst',
  '--queue -x',
  '--queue -b',
  '-q',
  '-q -b',
  '-q=high',
  '-bq',
  '--queue a --queue b',
  '-q a --queue=b',
  '--burst=true',
  '--burst=',
  '--no-queue',
  '--no-unknown',
  '--no-',
  '--quue a',
  '--que a',
  '--atFront',
  '--at_front',
  '--Burst',
  '--burst.x',
  '-b=1',
  '--queue.x y',
  '-é',
];
for (const line of left) {
  test(`'${line}' is left to yargs`, () => {
    assert.equal(readArgv(split(line), specs), null);
  });
}

const refusedByYargs: readonly [line: string, message: RegExp][] = [
  ['--queue', /Not enough arguments following: queue/],
  ['--queue --burst', /Not enough arguments following: queue/],
  ['-q -x', /Not enough arguments following: q/],
  ['--queue a --queue b', /--queue is given 2 times; give it once/],
  ['-q a --queue=b', /--queue is given 2 times; give it once/],
  ['--no-queue', /--no-queue is no flag; leave --queue away/],
  ['--quue a', /Unknown argument: quue/],
  ['--atFront', /Unknown argument: atFront/],
];
for (const [line, message] of refusedByYargs) {
  test(`'${line}' is refused by yargs: ${message.source}`, async () => {
    await assert.rejects(readWithYargs(split(line)), { message });
  });
}

/** Where the fast reader does what RQ's command line does, and yargs does not. */
test('the value of a short option may follow it at once', () => {
  assert.deepEqual(readArgv(['-qhigh', '-bP.', '-Psrc'], specs), {
    options: { queue: 'high', burst: true, path: ['.', 'src'] },
    positionals: [],
  });
});

test('the word true after a flag is a positional', () => {
  assert.deepEqual(readArgv(['m#f', '--burst', 'true'], specs), { options: { burst: true }, positionals: ['m#f', 'true'] });
});

test('empty words are positionals and values', () => {
  assert.deepEqual(readArgv(['', '--queue', '', ''], specs), { options: { queue: '' }, positionals: ['', ''] });
});

test('more positionals than a command takes are left to yargs', () => {
  assert.equal(readArgv(['a', 'b'], specs, 1), null);
  assert.notEqual(readArgv(['a'], specs, 1), null);
});

function split(line: string): string[] {
  return line === '' ? [] : line.split(' ');
}

async function readWithYargs(words: readonly string[]): Promise<ArgvReading> {
  const parser = yargs()
    .options(toYargsOptions(specs))
    .parserConfiguration(YARGS_PARSING)
    .help(false)
    .version(false)
    .strictOptions()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    });
  const { _: positionals, $0: _script, ...options } = await parser.parseAsync([...words]);
  return { options, positionals } as ArgvReading;
}

import { RqtError } from '../errors.ts';
import { escapeUnprintable, quote } from './quote.ts';
import { ShellWordsError, splitShellWords } from './shell-words.ts';
import { parseZone } from './zone.ts';

/** A line of a file for `rqt cron apply`, taken apart. */
export interface CrontabLine {
  /** `file:3`, for messages. */
  readonly where: string;
  readonly name: string;
  readonly expression: string;
  /** Task, arguments and flags, as typed behind `rqt cron add NAME EXPRESSION`; cut before `--`. */
  readonly words: readonly string[];
  /** Those after `--`. */
  readonly plainWords: readonly string[];
  /** As the last `TZ=` above it says; undefined: none did. */
  readonly zone: string | undefined;
}

/**
 * Reads a crontab-like file: a line per entry, `NAME  EXPRESSION  module#fn args… --flags`, the expression being five fields, six with seconds
 * in front, `@daily` and the like, or one quoted word; empty lines and comments; `TZ=` or `CRON_TZ=` for the lines below it. Words are quoted as in a
 * shell; none is run. `where` names the file.
 * @throws RqtError `data`, naming file and line.
 */
export function parseCrontab(text: string, where: string): CrontabLine[] {
  const file = escapeUnprintable(where);
  const lines: CrontabLine[] = [];
  const seen = new Map<string, string>();
  let zone: string | undefined;
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const here = `${file}:${i + 1}`;
    const words = wordsOf(line, here);
    const setting = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line);
    if (words.length === 0) continue;
    if (setting) {
      zone = readZone(setting[1] ?? '', wordsOf(setting[2] ?? '', here).join(' '), here);
      continue;
    }
    const entry = { ...readEntry(words, here), zone };
    const before = seen.get(entry.name);
    if (before !== undefined) throw refuse(here, `${quote(entry.name)} is named a second time; it is on ${before} already`);
    seen.set(entry.name, here);
    lines.push(entry);
  }
  return lines;
}

function wordsOf(line: string, where: string): string[] {
  try {
    return splitShellWords(line);
  } catch (error) {
    if (error instanceof ShellWordsError) throw refuse(where, `the line ${error.message}`);
    throw error;
  }
}

function readZone(name: string, value: string, where: string): string {
  if (name !== 'TZ' && name !== 'CRON_TZ') {
    throw refuse(where, `${name}= means nothing here: only TZ= and CRON_TZ= do; give what a task needs as its arguments`);
  }
  return within(where, () => parseZone(value, `${name}=`));
}

function readEntry(words: readonly string[], where: string): Omit<CrontabLine, 'zone'> {
  const [name = '', first = ''] = words;
  if (words.length < 2) throw refuse(where, `${quote(name)} is all there is; ${SHAPE}`);
  const fieldCount = countFields(words.slice(1), first);
  const expression = words.slice(1, 1 + fieldCount).join(' ');
  const rest = words.slice(1 + fieldCount);
  if (rest.length === 0) throw refuse(where, `behind the name ${quote(name)} there is no task, or too few fields; ${SHAPE}`);
  const end = rest.indexOf('--');
  return {
    where,
    name,
    expression,
    words: end < 0 ? rest : rest.slice(0, end),
    plainWords: end < 0 ? [] : rest.slice(end + 1),
  };
}

const SHAPE = 'write NAME, five fields (six with seconds) or @daily, module#fn, for example: nightly 30 2 * * * report#nightly';

/** `@daily` and a quoted expression are one word; a sixth field looks like one, and a task does not. */
function countFields(words: readonly string[], first: string): number {
  if (first.startsWith('@') || /\s/.test(first)) return 1;
  return FIELD.test(words[5] ?? '') ? 6 : 5;
}

const NAMED = 'SUN|MON|TUE|WED|THU|FRI|SAT|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC';
const FIELD = new RegExp(`^\\+?(?:(?:${NAMED}|[0-9*?LW])[-,/#0-9]*)+$`, 'i');

/** What is wrong with a line is told with its place, as bad data. */
export function within<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof RqtError ? new RqtError('data', `${where}: ${error.message}`, { cause: error }) : error;
  }
}

function refuse(where: string, problem: string): RqtError {
  return new RqtError('data', `${where}: ${problem}`);
}

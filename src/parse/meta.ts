import { RqtError } from '../errors.ts';
import { type ReadFile, readValue, splitWord } from './argument.ts';
import { quote } from './quote.ts';

/**
 * What `--meta key=value` and `--meta key:=json`, repeated, put on a job; values as those of keyword arguments, files (`key=@file`) included.
 *
 * @throws RqtError `usage` for one without a key or a key given twice, `data` for what a value holds, `missing` for a file that cannot be read.
 */
export function parseMeta(values: readonly string[], readFile: ReadFile): Record<string, unknown> {
  const meta = new Map<string, unknown>();
  for (const value of values) {
    const word = splitWord(value, '--meta');
    if (word.keyword === null) throw refuse(`--meta ${quote(value)} has no ${isKeyAlone(value) ? '=value' : 'key'}`);
    const what = `--meta ${quote(word.keyword)}`;
    if (meta.has(word.keyword)) throw refuse(`${what} is given twice`);
    meta.set(word.keyword, readValue(word, what, readFile));
  }
  return Object.fromEntries(meta);
}

function isKeyAlone(value: string): boolean {
  return /^[^:=]+$/.test(value);
}

function refuse(problem: string): RqtError {
  return new RqtError('usage', `${problem}; write for example --meta owner=ann or --meta 'tags:=["a"]'`);
}

import { isUtf8 } from 'node:buffer';
import { RqtError } from '../errors.ts';
import { parseJson } from './json.ts';
import { quote } from './quote.ts';

/** Reads a whole file; throws Node's own errors. `readFileSync` is one. */
export type ReadFile = (path: string) => Uint8Array;

/** One word in RQ's argument language, not yet looked into: `keyword` is null for a positional one. */
export interface Word {
  readonly keyword: string | null;
  readonly isJson: boolean;
  readonly text: string;
}

/** Takes a word apart. `what` names a positional one in messages: `argument 2`. @throws RqtError `data` for Python's `%literal`. */
export function splitWord(word: string, what: string): Word {
  if (word.startsWith(':')) return { keyword: null, isJson: true, text: word.slice(1) };
  if (word.startsWith('%')) throw refuseLiteral(what, word, ':');
  const match = word.includes('=') ? /^([\p{ID_Start}_][\p{ID_Continue}-]*)([:%]?)=/u.exec(word) : null;
  if (!match) return { keyword: null, isJson: false, text: word };
  const [head, keyword = '', mode] = match;
  if (mode === '%') throw refuseLiteral(`keyword ${quote(keyword)}`, word, `${keyword}:=`);
  return { keyword, isJson: mode === ':', text: word.slice(head.length) };
}

/** A word's value: its text or a file's, as text or JSON. @throws RqtError `data` or `missing`, naming `what`. */
export function readValue({ keyword, isJson, text }: Word, what: string, readFile: ReadFile): unknown {
  if (text === '@')
    throw new RqtError('data', `${what}: @ is followed by no name of a file; for text that starts with @, put it after --`);
  const content = text.startsWith('@') ? readText(text.slice(1), what, readFile) : text;
  const where = text.startsWith('@') ? `${what} (file ${quote(text.slice(1))})` : what;
  const example = keyword === null ? `':[1, "two"]'` : `'${keyword}:={"a": null}'`;
  return isJson ? parseJson(content.replace(/^\ufeff/, ''), where, example) : content;
}

function readText(path: string, what: string, readFile: ReadFile): string {
  const bytes = readBytes(path, what, readFile);
  if (!isUtf8(bytes)) {
    throw new RqtError(
      'data',
      `${what}: file ${quote(path)} is not UTF-8; convert it (iconv -t utf-8), or pass its path and read it in the task`,
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function readBytes(path: string, what: string, readFile: ReadFile): Uint8Array {
  try {
    return readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const problem = FILE_PROBLEMS[code] ?? `cannot be read (${code})`;
    throw new RqtError('missing', `${what}: file ${quote(path)} ${problem}; for text that starts with @, put it after --`, {
      cause,
    });
  }
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'cannot be read: permission denied',
};

function refuseLiteral(what: string, word: string, json: string): RqtError {
  const remedy = `write JSON, for example '${json}[1, null]', or put text that starts with % after --`;
  return new RqtError('data', `${what}, ${quote(word)}, is a Python literal, which rqt does not read; ${remedy}`);
}

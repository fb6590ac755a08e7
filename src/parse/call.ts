import { isUtf8 } from 'node:buffer';
import { RqtError } from '../errors.ts';
import type { Call } from '../model.ts';
import { parseJson } from './json.ts';
import { quote } from './quote.ts';

/** Reads a whole file; throws Node's own errors. `readFileSync` is one. */
export type ReadFile = (path: string) => Uint8Array;

/**
 * The call that a command line describes, in RQ's argument language (rq/cli/helpers.py, `parse_function_arg`):
 *
 * | word | means |
 * |---|---|
 * | `text` | a positional argument, as text |
 * | `key=text` | a keyword argument, as text |
 * | `:json`, `key:=json` | the same, as JSON |
 * | `@file`, `key=@file`, `:@file`, `key:=@file` | the value is the content of the file |
 *
 * `plainWords`, those after `--`, are positional text whatever they look like, and come after `words`.
 *
 * Different from RQ: a keyword is a name (letters, digits, `_`, `-`; no digit first), so that `https://host/?a=b` is text;
 * Python's `%literal` is refused; a file's line ends stay as they are.
 *
 * @param task - as checked by `parseTaskName`
 * @throws RqtError `data` for what an argument holds, `missing` for a file that cannot be read.
 */
export function parseCall(task: string, words: readonly string[], plainWords: readonly string[], readFile: ReadFile): Call {
  const args: unknown[] = [];
  const kwargs = new Map<string, unknown>();
  for (const word of words) {
    const { keyword, isJson, text } = splitWord(word, args.length + 1);
    const what = keyword === null ? `argument ${args.length + 1}` : `keyword ${quote(keyword)}`;
    if (keyword !== null && kwargs.has(keyword)) throw refuseTwice(keyword);
    const content = text.startsWith('@') ? readText(text.slice(1), what, readFile) : text;
    const value = isJson ? parseJson(content.replace(/^\ufeff/, ''), what) : content;
    if (keyword === null) args.push(value);
    else kwargs.set(keyword, value);
  }
  // fromEntries defines properties, so that even `__proto__` is a key like any other.
  return { task, args: [...args, ...plainWords], kwargs: Object.fromEntries(kwargs) };
}

interface Word {
  readonly keyword: string | null;
  readonly isJson: boolean;
  readonly text: string;
}

const KEYWORD = /^([\p{ID_Start}_][\p{ID_Continue}-]*)([:%]?)=/u;

function splitWord(word: string, position: number): Word {
  if (word.startsWith(':')) return { keyword: null, isJson: true, text: word.slice(1) };
  if (word.startsWith('%')) throw refuseLiteral(`argument ${position}`, word, ':');
  const match = KEYWORD.exec(word);
  if (!match) return { keyword: null, isJson: false, text: word };
  const [head, keyword = '', mode] = match;
  if (mode === '%') throw refuseLiteral(`keyword ${quote(keyword)}`, word, `${keyword}:=`);
  return { keyword, isJson: mode === ':', text: word.slice(head.length) };
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

function refuseTwice(keyword: string): RqtError {
  return new RqtError(
    'data',
    `keyword ${quote(keyword)} is given twice; give each keyword once, or one list: '${keyword}:=[1, 2]'`,
  );
}

function refuseLiteral(what: string, word: string, json: string): RqtError {
  const remedy = `write JSON, for example '${json}[1, null]', or put text that starts with % after --`;
  return new RqtError('data', `${what}, ${quote(word)}, is a Python literal, which rqt does not read; ${remedy}`);
}

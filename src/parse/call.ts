import { RqtError } from '../errors.ts';
import type { Call } from '../model.ts';
import { type ReadFile, readValue, splitWord } from './argument.ts';
import { quote } from './quote.ts';

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
  for (const text of words) {
    const position = `argument ${args.length + 1}`;
    const word = splitWord(text, position);
    if (word.keyword === null) args.push(readValue(word, position, readFile));
    else if (kwargs.has(word.keyword)) throw refuseTwice(word.keyword);
    else kwargs.set(word.keyword, readValue(word, `keyword ${quote(word.keyword)}`, readFile));
  }
  // fromEntries defines properties, so that even `__proto__` is a key like any other.
  return { task, args: [...args, ...plainWords], kwargs: Object.fromEntries(kwargs) };
}

function refuseTwice(keyword: string): RqtError {
  return new RqtError(
    'data',
    `keyword ${quote(keyword)} is given twice; give each keyword once, or one list: '${keyword}:=[1, 2]'`,
  );
}

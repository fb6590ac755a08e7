import { RqtError } from '../errors.ts';

/** Whether a whole text is as the pattern says. */
export type Matcher = (text: string) => boolean;

/**
 * A pattern as a matcher: `*` is any run of characters, `/` and `#` included, `?` is one character, all else stands for itself.
 * Takes at most text times pattern steps, whatever the pattern. @throws RqtError `usage` for an empty one, naming `flag`.
 */
export function parseGlob(pattern: string, flag: string): Matcher {
  if (pattern === '') throw new RqtError('usage', `${flag} is empty; write for example ${flag} 'mail#*'`);
  if (!/[*?]/.test(pattern)) return text => text === pattern;
  const wanted = Array.from(pattern);
  return text => matches(Array.from(text), wanted);
}

/** Goes on from the last `*` with one character more in it whenever it fails: earlier ones need not be tried again. */
function matches(text: readonly string[], wanted: readonly string[]): boolean {
  let at = 0;
  let want = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (wanted[want] === '*') {
      star = want++;
      starAt = at;
    } else if (wanted[want] === '?' || wanted[want] === text[at]) {
      want++;
      at++;
    } else if (star >= 0) {
      want = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (wanted[want] === '*') want++;
  return want === wanted.length;
}

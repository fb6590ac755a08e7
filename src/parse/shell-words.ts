/** A line that cannot be taken apart; the message goes on from "this line". */
export class ShellWordsError extends Error {}

/**
 * Takes a line apart into words as a POSIX shell would, without running anything: blanks between words; '…' as it is; "…" with \" \\ \$ \`
 * meaning the character; \x outside of quotes meaning x; # at the beginning of a word begins a comment. Nothing is expanded.
 * @throws ShellWordsError for a quote that is not closed, and a backslash at the end.
 */
export function splitShellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; ) {
    const char = line[at] ?? '';
    if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word);
      word = null;
      at += 1;
    } else if (char === '#' && word === null) {
      return words;
    } else {
      const [text, used] = readPiece(line, at);
      word = (word ?? '') + text;
      at += used;
    }
  }
  return word === null ? words : [...words, word];
}

/** What the characters from here mean, and how many they are. */
function readPiece(line: string, at: number): [text: string, used: number] {
  const char = line[at] ?? '';
  if (char === '\\') {
    if (at + 1 >= line.length) throw new ShellWordsError('ends with a backslash');
    return [line[at + 1] ?? '', 2];
  }
  if (char !== "'" && char !== '"') return [char, 1];
  let text = '';
  for (let i = at + 1; i < line.length; i += 1) {
    if (line[i] === char) return [text, i + 1 - at];
    if (char === '"' && line[i] === '\\' && /["\\$`]/.test(line[i + 1] ?? '')) i += 1;
    text += line[i];
  }
  throw new ShellWordsError(`has a ${char} that is not closed`);
}

/** A word as it is to be typed for {@link splitShellWords}, and for a shell, to read it back. */
export function quoteShellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./#-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Text as Python's `repr` shows it: in single quotes (in double ones when it holds only single ones), with everything
 * that is not printable escaped. Safe to print whatever bytes somebody passed.
 */
export function reprText(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  return mark + escapeUnprintable(text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`)) + mark;
}

/** A value to be echoed in a message: {@link reprText} of its first `maxChars` characters, `…` standing for the rest. */
export function quote(text: string, maxChars = 60): string {
  const head = text.slice(0, maxChars * 2);
  const chars = Array.from(head);
  if (chars.length <= maxChars && head.length === text.length) return reprText(text);
  return reprText(chars.slice(0, maxChars).join('')).replace(/.$/, '…$&');
}

/** The words that may be said, for a message: `skip, queue or replace`. */
export function oneOfThese(words: readonly string[]): string {
  return words.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

/** Replaces control, format, surrogate and unassigned characters, and separators other than the space, by Python's escapes. */
export function escapeUnprintable(text: string): string {
  return text.replace(/(?! )[\p{C}\p{Z}]/gu, char => SHORT[char] ?? escapeCode(char.codePointAt(0) ?? 0));
}

const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCode(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

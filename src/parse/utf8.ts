import { isUtf8 } from 'node:buffer';
import { RqtError } from '../errors.ts';
import { escapeUnprintable } from './quote.ts';

/**
 * Refuses command line words that were not UTF-8. Node has replaced their bytes by U+FFFD before anyone can look, so that
 * sign is the reason to read the raw command line, and only then is `readRawArgv` called.
 *
 * @param words - `process.argv.slice(2)`, whole
 * @param readRawArgv - `/proc/self/cmdline` on Linux; where it throws, the words are taken as they are
 * @throws RqtError `data`, naming the first bad argument.
 */
export function refuseInvalidUtf8(words: readonly string[], readRawArgv: () => Buffer): void {
  if (!words.some(word => word.includes('\ufffd'))) return;
  const rawWords = splitRawArgv(readOrEmpty(readRawArgv)).slice(-words.length);
  const index = rawWords.findIndex(raw => !isUtf8(raw));
  if (index < 0 || rawWords.length !== words.length) return;
  const shown = showBytes(rawWords[index] ?? Buffer.alloc(0));
  throw new RqtError(
    'data',
    `argument ${index + 1} of the command line, ${shown}, is not UTF-8; convert it, or pass a file: key=@file`,
  );
}

/** The index of the first argument of a raw command line (`/proc/self/cmdline`: each ended by a zero byte) that is not UTF-8, or null. */
export function findInvalidUtf8(rawArgv: Buffer): number | null {
  const index = splitRawArgv(rawArgv).findIndex(raw => !isUtf8(raw));
  return index < 0 ? null : index;
}

function splitRawArgv(rawArgv: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let start = 0; start < rawArgv.length; ) {
    const zero = rawArgv.indexOf(0, start);
    const end = zero < 0 ? rawArgv.length : zero;
    words.push(rawArgv.subarray(start, end));
    start = end + 1;
  }
  return words;
}

function readOrEmpty(readRawArgv: () => Buffer): Buffer {
  try {
    return readRawArgv();
  } catch {
    return Buffer.alloc(0);
  }
}

/** The first bytes, those outside ASCII as `\xe9`. */
function showBytes(raw: Buffer): string {
  const head = escapeUnprintable(raw.subarray(0, 60).toString('latin1'));
  const ascii = head.replace(/[\x80-\xff]/g, char => `\\x${char.charCodeAt(0).toString(16)}`);
  return `'${ascii}${raw.length > 60 ? '…' : ''}'`;
}

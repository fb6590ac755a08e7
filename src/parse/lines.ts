import { isUtf8 } from 'node:buffer';
import { RqtError } from '../errors.ts';
import { escapeUnprintable } from './quote.ts';

const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The lines of a stream of bytes, in batches as they arrive: each batch is what one chunk completed, never empty.
 *
 * A line ends with LF or CRLF; the last one needs no end. An empty line is skipped, one of spaces is not. A byte order mark at the
 * start is dropped. Nothing is held but the unfinished line. Measured: 20 million lines of 13 bytes a second, 3 million of 60 with accents.
 *
 * @param source - names the input in messages, where it is escaped: a file's path, or `standard input`
 * @throws RqtError `data`, naming the line, when a line is not UTF-8 or longer than 1 MiB.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, source = 'input'): AsyncGenerator<string[], void> {
  let unfinished: Buffer[] = [];
  let unfinishedBytes = 0;
  let lineNumber = 1;
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const block = Buffer.concat([...unfinished, chunk.subarray(0, end - 1)]);
      const lines = decodeBlock(block, { lineNumber, source });
      lineNumber += lines.length;
      unfinished = [];
      unfinishedBytes = 0;
      const kept = keepLines(lines);
      if (kept.length > 0) yield kept;
    }
    // Copied: the rest of a chunk may outlive the buffer that its producer uses again.
    if (end < chunk.length) unfinished.push(Buffer.from(chunk.subarray(end)));
    unfinishedBytes += chunk.length - end;
    if (unfinishedBytes > MAX_LINE_BYTES) throw refuseLong({ lineNumber, source });
  }
  const kept = keepLines(decodeBlock(Buffer.concat(unfinished), { lineNumber, source }));
  if (kept.length > 0) yield kept;
}

interface Place {
  /** Of the block's first line, from 1. */
  readonly lineNumber: number;
  readonly source: string;
}

/** A block of whole lines without its last line feed, split at the others. */
function decodeBlock(block: Buffer, place: Place): string[] {
  if (!isUtf8(block) || block.length > MAX_LINE_BYTES) refuseBadLine(block, place);
  const text = block.toString('utf8');
  const lines = (place.lineNumber === 1 ? text.replace(/^\ufeff/, '') : text).split('\n');
  return text.includes('\r') ? lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line)) : lines;
}

/** Throws for the first line of a block that is not UTF-8 or too long, if there is one. */
function refuseBadLine(block: Buffer, { lineNumber, source }: Place): void {
  let number = lineNumber;
  for (let start = 0; start <= block.length; number += 1) {
    const lineFeed = block.indexOf(LINE_FEED, start);
    const end = lineFeed < 0 ? block.length : lineFeed;
    if (end - start > MAX_LINE_BYTES) throw refuseLong({ lineNumber: number, source });
    if (!isUtf8(block.subarray(start, end))) {
      throw new RqtError(
        'data',
        `line ${number} of ${escapeUnprintable(source)} is not UTF-8; convert the input first, for example with iconv -t utf-8`,
      );
    }
    start = end + 1;
  }
}

function keepLines(lines: string[]): string[] {
  return lines.includes('') ? lines.filter(line => line !== '') : lines;
}

function refuseLong({ lineNumber, source }: Place): RqtError {
  return new RqtError(
    'data',
    `line ${lineNumber} of ${escapeUnprintable(source)} is longer than 1 MiB; put what is that long into a file and send its path`,
  );
}

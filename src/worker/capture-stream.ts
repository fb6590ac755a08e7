import type { StreamName } from '../executor/index.ts';
import type { OutputChunk } from '../store/index.ts';

/** How many bytes of a stream are kept: the first half for good, the second half is the end of what follows. */
export const CAPTURED_BYTES = 64 * 1024;
const HALF = CAPTURED_BYTES / 2;
/** The window over the end moves by whole entries: they are small against it. */
const LARGEST_ENTRY = 4096;
/** An entry smaller than this is replaced by a longer one when more comes: a job that writes dots must not make thousands of entries. */
const SMALL_ENTRY = 512;
/** With so many entries small ones grow even if the other stream was written to since, at the price of the order between the two. */
const MANY_ENTRIES = 256;

/** What is to be written now; either `kept` (with the new entries' ids) or `notKept` is to be called before the next plan. */
export interface Plan {
  readonly chunks: readonly OutputChunk[];
  /** Ids of entries that make room. */
  readonly dropped: readonly string[];
  kept(ids: readonly string[]): void;
  notKept(): void;
}

/** An entry as Redis has it; `bytes` only while it is small and the newest. */
interface Entry {
  readonly id: string;
  readonly offset: number;
  readonly length: number;
  readonly bytes: Buffer | null;
}

/** One stream of a job's output: what is not in Redis yet, and which entries there hold its end. Offsets count all bytes written. */
export class StreamCapture {
  readonly #name: StreamName;
  /** Not in Redis yet: the last of the first half, then the last of all. */
  #head: Buffer[] = [];
  #tail: Buffer[] = [];
  #tailBytes = 0;
  /** How many bytes were written in all. */
  #end = 0;
  /** Where the first half ends. */
  #headEnd: number = HALF;
  #headEntryCount = 0;
  /** The entries behind the first half. */
  #window: readonly Entry[] = [];
  #newest: Entry | null = null;

  constructor(name: StreamName) {
    this.#name = name;
  }

  add(chunk: Buffer): void {
    const room = Math.max(0, this.#headEnd - this.#end);
    const cut = chunk.length <= room ? chunk.length : characterStart(chunk, room);
    if (cut < chunk.length && cut < room) this.#headEnd = this.#end + cut;
    if (cut > 0) this.#head.push(chunk.subarray(0, cut));
    if (cut < chunk.length) this.#addToTail(chunk.subarray(cut));
    this.#end += chunk.length;
  }

  /** `growNewest`: no entry of the other stream is newer than the newest one of this. */
  plan(growNewest: boolean): Plan {
    const { head, tail } = this.#takeWaiting();
    const fresh = [...this.#pieces(head, Math.min(this.#end, this.#headEnd) - head.length), ...this.#tailPieces(tail)];
    const grown = this.#growable(fresh[0], growNewest);
    const chunks = grown ? this.#grow(grown, fresh) : fresh;
    const before = this.#window.filter(entry => entry !== grown);
    const outgrown = before.slice(0, outgrownCount(before, this.#bytesBehindHead(chunks)));
    const gone = grown ? [grown, ...outgrown] : outgrown;
    return {
      chunks,
      dropped: gone.map(({ id }) => id),
      kept: ids => this.#noteKept(chunks, ids, gone),
      notKept: () => this.#putBack(head, tail),
    };
  }

  #takeWaiting(): { head: Buffer; tail: Buffer } {
    const waiting = { head: Buffer.concat(this.#head), tail: Buffer.concat(this.#tail) };
    this.#head = [];
    this.#tail = [];
    this.#tailBytes = 0;
    return waiting;
  }

  /** In front of what came meanwhile. */
  #putBack(head: Buffer, tail: Buffer): void {
    const later = this.#takeWaiting();
    this.#head = [head, later.head].filter(isFilled);
    for (const chunk of [tail, later.tail].filter(isFilled)) this.#addToTail(chunk);
  }

  #noteKept(chunks: readonly OutputChunk[], ids: readonly string[], gone: readonly Entry[]): void {
    if (chunks.length === 0) return;
    const entries = chunks.map(({ offset, bytes }, index): Entry => {
      const isSmallAndLast = index === chunks.length - 1 && bytes.length < SMALL_ENTRY;
      return { id: ids[index] ?? '', offset, length: bytes.length, bytes: isSmallAndLast ? bytes : null };
    });
    const behind = entries.filter(entry => this.#isBehindHead(entry));
    const goneOfHead = gone.filter(entry => !this.#isBehindHead(entry));
    this.#headEntryCount += entries.length - behind.length - goneOfHead.length;
    this.#window = [...this.#window.filter(entry => !gone.includes(entry)), ...behind];
    this.#newest = entries.at(-1) ?? null;
  }

  /** Whole chunks are dropped from the front; at most one chunk more than HALF is held. */
  #addToTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    for (let first = this.#tail[0]; first && this.#tailBytes - first.length >= HALF; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  /** The last HALF of it: what is in front is cut. */
  #tailPieces(tail: Buffer): OutputChunk[] {
    const from = tail.length > HALF ? nextCharacterStart(tail, tail.length - HALF) : 0;
    return this.#pieces(tail.subarray(from), this.#end - tail.length + from);
  }

  #pieces(bytes: Buffer, offset: number): OutputChunk[] {
    const pieces: OutputChunk[] = [];
    for (let from = 0; from < bytes.length; ) {
      const isLast = bytes.length - from <= LARGEST_ENTRY;
      const to = isLast ? bytes.length : characterStart(bytes, from + LARGEST_ENTRY);
      pieces.push({ stream: this.#name, offset: offset + from, bytes: bytes.subarray(from, to) });
      from = to;
    }
    return pieces;
  }

  /** The newest entry, if the first new chunk goes on where it ends, in the same half. */
  #growable(first: OutputChunk | undefined, growNewest: boolean): Entry | null {
    const newest = this.#newest;
    if (!first || !newest?.bytes) return null;
    if (!growNewest && this.#headEntryCount + this.#window.length <= MANY_ENTRIES) return null;
    const isSameHalf = this.#isBehindHead(newest) === this.#isBehindHead(first);
    return isSameHalf && newest.offset + newest.length === first.offset ? newest : null;
  }

  #grow({ offset, bytes }: Entry, [first, ...rest]: readonly OutputChunk[]): OutputChunk[] {
    const whole = Buffer.concat([bytes ?? NOTHING, first?.bytes ?? NOTHING]);
    return [...this.#pieces(whole, offset), ...rest];
  }

  #isBehindHead({ offset }: { readonly offset: number }): boolean {
    return offset >= this.#headEnd;
  }

  #bytesBehindHead(chunks: readonly OutputChunk[]): number {
    return chunks.reduce((sum, chunk) => (this.#isBehindHead(chunk) ? sum + chunk.bytes.length : sum), 0);
  }
}

const NOTHING = Buffer.alloc(0);

function isFilled({ length }: Buffer): boolean {
  return length > 0;
}

/** How many of the oldest entries have to go so that `freshBytes` more fit into the second half. */
function outgrownCount(window: readonly Entry[], freshBytes: number): number {
  let excess = window.reduce((sum, { length }) => sum + length, freshBytes) - HALF;
  let count = 0;
  for (; excess > 0 && count < window.length; count += 1) excess -= window[count]?.length ?? 0;
  return count;
}

const MOST_CONTINUATION_BYTES = 3;

/** The start of the UTF-8 character that has a byte at `at`; `at` itself where there is none. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > 0 && start >= at - MOST_CONTINUATION_BYTES; start -= 1) {
    if (!isContinuation(bytes[start])) return start;
  }
  return at;
}

/** The first start of a character from `at` on; `at` itself where there is none near. */
function nextCharacterStart(bytes: Buffer, at: number): number {
  for (let start = at; start <= at + MOST_CONTINUATION_BYTES; start += 1) {
    if (!isContinuation(bytes[start])) return start;
  }
  return at;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

import type { StreamName } from '../executor/index.ts';
import type { OutputChunk } from '../store/index.ts';
import type { Keep } from './capture.ts';

/** How much Redis holds for those who wait: they read it within moments. */
const MOST_HELD_BYTES = 8 * 2 ** 20;
/** A job that writes faster than Redis takes it is slowed down above this. */
const MOST_WAITING_BYTES = 2 ** 20;
/** While Redis is away a job is not held up for longer than this. */
const LONGEST_HOLD_UP_MS = 1000;
const LARGEST_ENTRY_BYTES = 64 * 1024;

/**
 * What a job writes, on its way to those who wait for it: all of it, in the order in which it was written, as long as they read it and Redis takes
 * it. Offsets tell readers what is missing, and what they have already when something is handed on twice.
 */
export class LiveOutput {
  #waiting: OutputChunk[] = [];
  #waitingBytes = 0;
  readonly #ends = { stdout: 0, stderr: 0 };
  /** What Redis holds, oldest first. */
  #held: { readonly id: string; readonly bytes: number }[] = [];
  #heldBytes = 0;
  #flushing: Promise<void> | null = null;
  #room: Room | null = null;

  /** A returned promise settles when there is room for more. */
  add(stream: StreamName, chunk: Buffer): Promise<void> | undefined {
    for (let from = 0; from < chunk.length; from += LARGEST_ENTRY_BYTES) {
      const bytes = chunk.subarray(from, from + LARGEST_ENTRY_BYTES);
      this.#waiting.push({ stream, offset: this.#ends[stream], bytes });
      this.#ends[stream] += bytes.length;
      this.#waitingBytes += bytes.length;
    }
    this.#boundWaiting();
    if (this.#waitingBytes < MOST_WAITING_BYTES) return undefined;
    this.#room ??= openRoom(() => this.#giveRoom());
    return this.#room.promise;
  }

  /** Hands on what came since the last time, one call at a time. What could not be handed on is so the next time, unless there is too much of it. */
  async flush(handOn: Keep): Promise<void> {
    while (this.#flushing) await this.#flushing.catch(() => {});
    if (this.#waiting.length === 0) return;
    this.#flushing = this.#flush(handOn).finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  async #flush(handOn: Keep): Promise<void> {
    const chunks = joinNeighbours(this.#waiting);
    this.#waiting = [];
    const bytes = this.#waitingBytes;
    this.#waitingBytes = 0;
    const makingRoom = this.#outgrown(bytes);
    try {
      const ids = await handOn({ chunks, dropped: makingRoom.map(({ id }) => id) });
      if (ids === null) return;
      this.#held.splice(0, makingRoom.length);
      for (const [index, chunk] of chunks.entries()) this.#held.push({ id: ids[index] ?? '', bytes: chunk.bytes.length });
      this.#heldBytes = this.#held.reduce((sum, entry) => sum + entry.bytes, 0);
    } catch (error) {
      this.#putBack(chunks, bytes);
      throw error;
    } finally {
      this.#giveRoom();
    }
  }

  /** In front of what came meanwhile. */
  #putBack(chunks: readonly OutputChunk[], bytes: number): void {
    this.#waiting = [...chunks, ...this.#waiting];
    this.#waitingBytes += bytes;
    this.#boundWaiting();
  }

  /** The oldest is given up where it is too much. */
  #boundWaiting(): void {
    while (this.#waitingBytes > MOST_HELD_BYTES) this.#waitingBytes -= this.#waiting.shift()?.bytes.length ?? 0;
  }

  /** The oldest entries, which make room for so many bytes. */
  #outgrown(bytes: number): readonly { readonly id: string; readonly bytes: number }[] {
    let excess = this.#heldBytes + bytes - MOST_HELD_BYTES;
    let count = 0;
    for (; excess > 0 && count < this.#held.length; count += 1) excess -= this.#held[count]?.bytes ?? 0;
    return this.#held.slice(0, count);
  }

  #giveRoom(): void {
    this.#room?.give();
    this.#room = null;
  }
}

interface Room {
  readonly promise: Promise<void>;
  give(): void;
}

function openRoom(onLate: () => void): Room {
  let give = () => {};
  const promise = new Promise<void>(resolve => {
    give = resolve;
  });
  const timer = setTimeout(onLate, LONGEST_HOLD_UP_MS);
  return {
    promise,
    give: () => {
      clearTimeout(timer);
      give();
    },
  };
}

/** Small pieces of one stream that follow each other make one entry. */
function joinNeighbours(chunks: readonly OutputChunk[]): OutputChunk[] {
  const joined: { stream: StreamName; offset: number; parts: Buffer[]; length: number }[] = [];
  for (const { stream, offset, bytes } of chunks) {
    const last = joined.at(-1);
    if (last?.stream === stream && last.length + bytes.length <= LARGEST_ENTRY_BYTES) {
      last.parts.push(bytes);
      last.length += bytes.length;
    } else joined.push({ stream, offset, parts: [bytes], length: bytes.length });
  }
  return joined.map(({ stream, offset, parts }) => ({ stream, offset, bytes: Buffer.concat(parts) }));
}

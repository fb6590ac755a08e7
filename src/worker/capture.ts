import type { StreamName } from '../executor/index.ts';
import type { OutputChunk } from '../store/index.ts';

/** How many bytes of a stream are kept: the first half as it comes, the second half is the end of what follows. */
export const CAPTURED_BYTES = 64 * 1024;

/** What one job writes, kept within bounds on its way to Redis. */
export class Capture {
  readonly #streams = { stdout: new StreamCapture(), stderr: new StreamCapture() };

  add(stream: StreamName, chunk: Buffer): void {
    this.#streams[stream].add(chunk);
  }

  /** What came since the last call and can be kept already. */
  take(): OutputChunk[] {
    return (['stdout', 'stderr'] as const).flatMap(stream => this.#streams[stream].take(stream));
  }

  /** What is left at the job's end: the last bytes, and how many were cut before them. */
  takeRest(): OutputChunk[] {
    return (['stdout', 'stderr'] as const).flatMap(stream => this.#streams[stream].takeRest(stream));
  }
}

const HALF = CAPTURED_BYTES / 2;

class StreamCapture {
  /** Of the head: not yet taken. */
  #fresh: Buffer[] = [];
  #headBytes = 0;
  /** The end of what did not fit into the head. */
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #cutBytes = 0;

  add(chunk: Buffer): void {
    const room = HALF - this.#headBytes;
    const head = chunk.subarray(0, room);
    if (head.length > 0) {
      this.#fresh.push(head);
      this.#headBytes += head.length;
    }
    if (chunk.length > head.length) this.#addToTail(chunk.subarray(head.length));
  }

  take(stream: StreamName): OutputChunk[] {
    if (this.#fresh.length === 0) return [];
    const bytes = Buffer.concat(this.#fresh);
    this.#fresh = [];
    return [{ stream, cutBefore: 0, bytes }];
  }

  takeRest(stream: StreamName): OutputChunk[] {
    const rest = this.take(stream);
    if (this.#tailBytes > 0) {
      const tail = Buffer.concat(this.#tail);
      const bytes = tail.subarray(Math.max(0, tail.length - HALF));
      rest.push({ stream, cutBefore: this.#cutBytes + tail.length - bytes.length, bytes });
    }
    return rest;
  }

  /** Whole chunks are dropped from the front; at most one chunk more than HALF is held. */
  #addToTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    for (let first = this.#tail[0]; first && this.#tailBytes - first.length >= HALF; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
      this.#cutBytes += first.length;
    }
  }
}

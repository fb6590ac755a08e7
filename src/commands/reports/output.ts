import { formatBytes } from '../../bytes.ts';
import type { StreamName } from '../../model.ts';

/** Of each stream of a job, this much of its end is in a report. */
const MOST_BYTES = 4096;

/** The end of what each running job has written. */
export class OutputTails {
  readonly #tails = new Map<string, Record<StreamName, Tail>>();

  add(jobId: string, stream: StreamName, chunk: Buffer): void {
    let tails = this.#tails.get(jobId);
    if (!tails) {
      tails = { stdout: new Tail(), stderr: new Tail() };
      this.#tails.set(jobId, tails);
    }
    tails[stream].add(chunk);
  }

  /** What a job that has ended wrote, the beginning cut off with a mark where it was much. */
  take(jobId: string): Readonly<Record<StreamName, string>> {
    const tails = this.#tails.get(jobId);
    this.#tails.delete(jobId);
    return { stdout: tails?.stdout.text() ?? '', stderr: tails?.stderr.text() ?? '' };
  }
}

class Tail {
  #kept: Buffer = Buffer.alloc(0);
  #cut = 0;

  add(chunk: Buffer): void {
    const all = chunk.length >= MOST_BYTES ? chunk : Buffer.concat([this.#kept, chunk]);
    const excess = Math.max(0, all.length - MOST_BYTES);
    this.#cut += this.#kept.length + chunk.length - (all.length - excess);
    // A copy: the rest of a large chunk is not kept in memory.
    this.#kept = excess > 0 ? Buffer.from(all.subarray(excess)) : all;
  }

  text(): string {
    if (this.#cut === 0) return this.#kept.toString('utf8');
    const start = this.#kept.findIndex(byte => (byte & 0xc0) !== 0x80);
    return `[${formatBytes(this.#cut + start)} cut]\n${this.#kept.subarray(start).toString('utf8')}`;
  }
}

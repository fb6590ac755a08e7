import type { Writable } from 'node:stream';

/**
 * Keeps stdout and stderr of the executor such that all output of a job has left the process when the job ends.
 *
 * Writes are made synchronous, whoever makes them. Node opens its own end of a pipe non-blocking; since that flag belongs to
 * the open file and not to the descriptor, `fs.writeSync(1, …)` and inherited streams of child processes would then fail with EAGAIN on
 * long texts, and what console.log buffered would come after what others wrote. Blocking also slows a task that
 * floods its reader.
 */
export class Stdio {
  readonly #streams: readonly Writable[] = [process.stdout, process.stderr];
  readonly #writes = this.#streams.map(stream => stream.write);
  #ended = false;

  constructor() {
    for (const stream of this.#streams) {
      // libuv's uv_stream_set_blocking; it has no public name in Node.
      const handle = (stream as unknown as { _handle?: { setBlocking?: (blocking: boolean) => number } })._handle;
      handle?.setBlocking?.(true);
      // Node revives these streams after their end, but what is then written to them is lost.
      this.#note(stream, 'end');
      this.#note(stream, 'destroy');
    }
  }

  /** Why the next job could not write as it should, in one line, or null. */
  findChange(): string | null {
    if (this.#ended) return 'stdout or stderr was ended';
    const replaced = this.#streams.some((stream, at) => stream.write !== this.#writes[at]);
    return replaced || process.stdout !== this.#streams[0] || process.stderr !== this.#streams[1]
      ? 'stdout or stderr was replaced'
      : null;
  }

  #note(stream: Writable, name: 'end' | 'destroy'): void {
    const end = stream[name] as (...args: unknown[]) => Writable;
    stream[name] = (...args: unknown[]) => {
      this.#ended = true;
      return end.apply(stream, args);
    };
  }
}

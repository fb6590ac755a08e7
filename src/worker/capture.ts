import type { StreamName } from '../executor/index.ts';
import type { Output } from '../store/index.ts';
import { type Plan, StreamCapture } from './capture-stream.ts';
import type { LiveOutput } from './live-output.ts';

/** Brings output to Redis; resolves with the ids of the entries that it became, or null when the lease was lost. */
export type Keep = (output: Output) => Promise<readonly string[] | null>;

/**
 * What one job writes, on its way to Redis and kept within bounds there: the first half of each stream of output stays; of what
 * follows only the end does, older entries making room for new ones. Holds little more than that end, however much is written.
 */
export class Capture {
  readonly #streams = { stdout: new StreamCapture('stdout'), stderr: new StreamCapture('stderr') };
  /** The stream of the newest entry. */
  #newest: StreamName | null = null;
  #flushing: Promise<void> | null = null;
  /** Most jobs write nothing. */
  #isSilent = true;

  /** For those who wait for the job, or null. */
  readonly live: LiveOutput | null;

  constructor(live: LiveOutput | null = null) {
    this.live = live;
  }

  /** A returned promise slows the job down until it settles. */
  add(stream: StreamName, chunk: Buffer): Promise<void> | undefined {
    this.#isSilent = false;
    this.#streams[stream].add(chunk);
    return this.live?.add(stream, chunk);
  }

  /** Hands what came since the last time to `keep`, one call at a time. What could not be kept is handed over again. */
  async flush(keep: Keep): Promise<void> {
    if (this.#isSilent) return;
    this.#flushing ??= this.#flush(keep).finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
  }

  /** What is left at the job's end, once a flush that is under way is over. */
  async takeRest(): Promise<Output> {
    if (this.#isSilent) return NOTHING;
    await this.#flushing?.catch(() => {});
    return outputOf(this.#plans());
  }

  async #flush(keep: Keep): Promise<void> {
    const plans = this.#plans();
    const output = outputOf(plans);
    if (output.chunks.length === 0) return;
    try {
      const ids = await keep(output);
      if (ids === null) return;
      let at = 0;
      for (const { chunks, kept } of plans) {
        kept(ids.slice(at, at + chunks.length));
        at += chunks.length;
      }
      this.#newest = output.chunks.at(-1)?.stream ?? null;
    } catch (error) {
      for (const { notKept } of plans) notKept();
      throw error;
    }
  }

  /** The stream that was written to last goes first: its newest entry may grow in place of another one. */
  #plans(): Plan[] {
    const names = this.#newest === 'stderr' ? (['stderr', 'stdout'] as const) : (['stdout', 'stderr'] as const);
    return names.map(name => this.#streams[name].plan(name === this.#newest));
  }
}

const NOTHING: Output = { chunks: [], dropped: [] };

function outputOf(plans: readonly Plan[]): Output {
  return { chunks: plans.flatMap(({ chunks }) => chunks), dropped: plans.flatMap(({ dropped }) => dropped) };
}

import type { JobEnd } from './run-job.ts';

/** Jobs by how their last attempt ended: one that failed and succeeded on its retry has done well. */
export class Tally {
  done = 0;
  readonly #bad = new Set<string>();
  #givenUp = 0;

  get failed(): number {
    return this.#bad.size + this.#givenUp;
  }

  add(id: string, fate: JobEnd['fate']): void {
    if (fate === 'finished') {
      this.done += 1;
      this.#bad.delete(id);
    } else if (fate === 'failed' || fate === 'stopped' || fate === 'retried') this.#bad.add(id);
  }

  /** Jobs that a sweep has given up. */
  giveUp(count: number): void {
    this.#givenUp += count;
  }
}

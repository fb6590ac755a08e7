import type { Fate } from '../ended-execution.ts';

/** Jobs by how their last attempt ended: one that failed and succeeded on its retry has done well. */
export class Tally {
  done = 0;
  readonly #bad = new Set<string>();
  readonly #retried = new Set<string>();
  #givenUp = 0;

  /** Those that will be tried again are among them. */
  get failed(): number {
    return this.#bad.size + this.#givenUp;
  }

  /** Those that failed here and will be tried again, as far as is known here. */
  get waiting(): number {
    return this.#retried.size;
  }

  add(id: string, fate: Fate): void {
    if (fate === 'retried') this.#retried.add(id);
    else this.#retried.delete(id);
    if (fate === 'finished') {
      this.done += 1;
      this.#bad.delete(id);
    } else if (fate === 'failed' || fate === 'stopped' || fate === 'retried') this.#bad.add(id);
  }

  /** A job of a dead worker that a sweep has ended. */
  addForDead(fate: Fate): void {
    if (fate === 'finished') this.done += 1;
    else this.#givenUp += 1;
  }
}

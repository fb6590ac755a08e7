import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, RqtError } from '../../errors.ts';
import { type Db, failureOf, reasonOf, watchAbsence } from '../../store/index.ts';
import type { Away } from '../../view/away.ts';

/** What waiting helps against. */
const PASSING: readonly ErrorCode[] = ['unreachable', 'tryAgain'];
const PAUSE_MS = 200;
/** An answer that takes no longer needs no explanation. */
const UNTOLD_MS = 2000;

/** What keeps a view of Redis from new pictures, and how long it did so far. */
export class Absence {
  /** Rejects when Redis is back and does not let us in. */
  readonly refused: Promise<never>;
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>;
  readonly stop: () => void;
  readonly #db: Db;
  #since: number | null = null;
  #askedAt: number | null = null;
  #reason = '';
  #explanation: string | null = null;
  #onBack = () => {};

  constructor(db: Db) {
    this.#db = db;
    let refuse = (_: Error) => {};
    let lose = (_: Error) => {};
    this.refused = new Promise((_, reject) => {
      refuse = reject;
    });
    this.lost = new Promise((_, reject) => {
      lose = reject;
    });
    // Whether anybody waits for them depends.
    for (const promise of [this.refused, this.lost]) promise.catch(() => {});
    this.stop = watchAbsence(db, {
      lost: reason => {
        this.#begin(reason);
        lose(new Error(reason));
      },
      refused: refuse,
      back: () => this.#onBack(),
    });
  }

  /** null: nothing does. */
  get away(): Away | null {
    const now = performance.now();
    if (this.#since !== null) return { reason: this.#reason, explanation: this.#explanation, forMs: now - this.#since };
    const waitedMs = this.#askedAt === null ? 0 : now - this.#askedAt;
    return waitedMs < UNTOLD_MS ? null : { reason: null, explanation: null, forMs: waitedMs };
  }

  /** Tells why nobody brings Redis back, until it is back all the same. */
  explain(why: string): void {
    this.#explanation = why;
  }

  /** Looks until Redis answers: one that is away, or still loads, is waited for. @throws what waiting does not help against. */
  async outlast<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#askedAt = performance.now();
    for (;;) {
      try {
        const seen = await look();
        this.#since = null;
        this.#askedAt = null;
        this.#explanation = null;
        return seen;
      } catch (error) {
        const failure = failureOf(this.#db, error);
        const passes = failure instanceof RqtError && PASSING.includes(failure.code);
        if (signal.aborted || !passes) throw failure;
        this.#begin(reasonOf(error));
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }
  }

  /** Waits for so long, while Redis is away until it is back. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    this.#onBack = () => over.abort();
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {});
    this.#onBack = () => {};
  }

  #begin(reason: string): void {
    this.#since ??= this.#askedAt ?? performance.now();
    this.#reason = reason;
  }
}

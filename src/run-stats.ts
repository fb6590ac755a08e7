import type { EndedExecution, Fate } from './ended-execution.ts';

/** How many executions are told as the slowest. */
const MOST_SLOWEST = 10;
/** How many failures are told one by one. */
const MOST_FAILURES = 100;

/** What a run came to, in bounded memory: counts, the slowest executions, the first failures. Nothing in it is safe for a terminal. */
export interface RunSummary {
  /** Executions by how they ended. */
  readonly counts: Readonly<Record<Fate, number>>;
  /** Jobs whose last execution failed and that will be tried again, after this run. */
  readonly waiting: number;
  readonly totalMs: number;
  /** Slowest first. */
  readonly slowest: readonly EndedExecution[];
  /** Jobs that ended badly for good, the first ones of `counts.failed + counts.stopped`. */
  readonly failures: readonly EndedExecution[];
  /** The first ones of those that wait for another try. */
  readonly waitingFailures: readonly EndedExecution[];
}

/** Gathers a {@link RunSummary}. A million jobs cost no more memory than a hundred, but for the ids of those that wait for a retry. */
export class RunStats {
  readonly #beganAt = performance.now();
  readonly #counts: Record<Fate, number> = { finished: 0, failed: 0, stopped: 0, retried: 0, 'put back': 0, lost: 0 };
  readonly #slowest: EndedExecution[] = [];
  readonly #failures: EndedExecution[] = [];
  /** By job; null beyond the number that is told. */
  readonly #waiting = new Map<string, EndedExecution | null>();
  #waitingTold = 0;

  add(ended: EndedExecution): void {
    this.#counts[ended.fate] += 1;
    this.#noteSpeed(ended);
    this.#forgetWaiting(ended.id);
    if (ended.fate === 'retried') this.#noteWaiting(ended);
    else if ((ended.fate === 'failed' || ended.fate === 'stopped') && this.#failures.length < MOST_FAILURES)
      this.#failures.push(ended);
  }

  summary(): RunSummary {
    return {
      counts: { ...this.#counts },
      waiting: this.#waiting.size,
      totalMs: Math.round(performance.now() - this.#beganAt),
      slowest: [...this.#slowest],
      failures: [...this.#failures],
      waitingFailures: [...this.#waiting.values()].filter(ended => ended !== null),
    };
  }

  #noteWaiting(ended: EndedExecution): void {
    const isTold = this.#waitingTold < MOST_FAILURES;
    if (isTold) this.#waitingTold += 1;
    this.#waiting.set(ended.id, isTold ? ended : null);
  }

  #forgetWaiting(id: string): void {
    if (this.#waiting.get(id)) this.#waitingTold -= 1;
    this.#waiting.delete(id);
  }

  #noteSpeed(ended: EndedExecution): void {
    // What was given up here was not run here.
    if (ended.attempt === 0) return;
    const last = this.#slowest[MOST_SLOWEST - 1];
    if (last && durationMs(last) >= durationMs(ended)) return;
    const at = this.#slowest.findIndex(other => durationMs(other) < durationMs(ended));
    this.#slowest.splice(at < 0 ? this.#slowest.length : at, 0, ended);
    this.#slowest.splice(MOST_SLOWEST);
  }
}

/** How long an execution took. */
export function durationMs({ startedAt, endedAt }: Pick<EndedExecution, 'startedAt' | 'endedAt'>): number {
  return Math.max(0, endedAt - startedAt);
}

/** Jobs that ended here for good, for each second of the run; null for a run too short to say. */
export function jobsPerSecond({ counts, totalMs }: Pick<RunSummary, 'counts' | 'totalMs'>): number | null {
  return totalMs <= 0 ? null : ((counts.finished + counts.failed + counts.stopped) * 1000) / totalMs;
}

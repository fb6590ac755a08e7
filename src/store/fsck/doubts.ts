import { setTimeout as sleep } from 'node:timers/promises';
import { redisNow } from '../clock.ts';
import { about, type Finding } from './finding.ts';
import { look } from './look.ts';
import type { Scan } from './scan.ts';

/** So many findings are held at once: some 20 MB. */
const MOST_HELD = 50_000;
/** What only rqt's own scripts move, each in one step, needs no long second look: its readers do not read in one step. */
const SHORT_MS = 1000;
const PAGE = 500;

type Step =
  | { readonly kind: 'waiting'; readonly count: number; readonly forMs: number }
  | { readonly kind: 'sure'; readonly finding: Finding };

/**
 * Findings of a first look, which may be a step of something that is under way. Each is looked at once more, and again after a
 * time: only what stays as it was is sure.
 */
export class Doubts {
  readonly #scan: Scan;
  readonly #passingMs: number;
  #held = new Map<string, Finding>();

  /** `hasForeignWorkers`: what Python's RQ does in several steps needs the whole grace to be told from damage. */
  constructor(scan: Scan, hasForeignWorkers: boolean) {
    this.#scan = scan;
    this.#passingMs = hasForeignWorkers ? scan.graceMs : Math.min(scan.graceMs, SHORT_MS);
  }

  add(findings: readonly Finding[]): void {
    for (const finding of findings) this.#held.set(nameOf(finding), finding);
  }

  get isFull(): boolean {
    return this.#held.size >= MOST_HELD;
  }

  /** Yields what stays, and holds nothing any more. Nothing is sure when a signal ends the time in between. */
  async *settle(): AsyncGenerator<Step> {
    // What stands in the way of other repairs comes first.
    const inWay = (finding: Finding) => (finding.kind === 'wrong-type' ? 0 : 1);
    const first = (await this.#lookAgain([...this.#held.values()])).sort((a, b) => inWay(a) - inWay(b));
    this.#held = new Map();
    const passing = first.filter(({ kind }) => about(kind).isPassing);
    const lasting = first.filter(({ kind }) => !about(kind).isPassing);
    const shortMs = Math.min(SHORT_MS, this.#scan.graceMs);
    if (first.length === 0 || !(await this.#passes(shortMs))) return;
    for (const finding of await this.#lookAgain(lasting)) yield { kind: 'sure', finding };
    if (passing.length === 0) return;
    // Any worker may be on its way to it: that is no matter of steps, but of when it next looks.
    const isWork = passing.some(({ kind }) => kind === 'release-pending');
    const forMs = (isWork ? this.#scan.graceMs : this.#passingMs) - shortMs;
    if (forMs > 0) yield { kind: 'waiting', count: passing.length, forMs };
    if (!(await this.#passes(forMs))) return;
    for (const finding of await this.#lookAgain(passing)) yield { kind: 'sure', finding };
  }

  /** Waits; false: not to the end. */
  async #passes(ms: number): Promise<boolean> {
    await sleep(ms, undefined, { signal: this.#scan.signal }).catch(() => {});
    return !this.#scan.signal.aborted;
  }

  /** Those of them that are still as they were. A first look's mark may be of before; what counts is that of the later ones. */
  async #lookAgain(findings: readonly Finding[]): Promise<Finding[]> {
    const scan = { ...this.#scan, isSecond: true, now: await redisNow(this.#scan.db) };
    const still: Finding[] = [];
    for (let from = 0; from < findings.length; from += PAGE) {
      const page = findings.slice(from, from + PAGE);
      const seen = new Map((await look(scan, targetsOf(page))).map(finding => [nameOf(finding), finding]));
      for (const finding of page) {
        const now = seen.get(nameOf(finding));
        if (now && now.mark === finding.mark) still.push(now);
      }
    }
    return still;
  }
}

function targetsOf(findings: readonly Finding[]) {
  return [...new Map(findings.map(({ target }) => [JSON.stringify(target), target])).values()];
}

function nameOf({ kind, target }: Finding): string {
  return `${kind} ${JSON.stringify(target)}`;
}

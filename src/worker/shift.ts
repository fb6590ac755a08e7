import type { Slot } from './slot.ts';
import { Tally } from './tally.ts';

/** What the slots of one process have in common. */
export class Shift {
  readonly tally = new Tally();
  readonly beganAt = Date.now();
  readonly #slots = new Set<Slot>();
  readonly #maxJobs: number | null;
  /** Jobs that were started, and claims that may start another one: `--max-jobs` counts those of all slots together. */
  #started = 0;
  #claiming = 0;
  #lastEndAt = Date.now();

  constructor(maxJobs: number | null) {
    this.#maxJobs = maxJobs;
  }

  join(slot: Slot): void {
    this.#slots.add(slot);
  }

  leave(slot: Slot): void {
    this.#slots.delete(slot);
    this.#ring(slot);
  }

  /** Some slot runs a job: what that one leaves is work for all of them. */
  get isWorking(): boolean {
    return [...this.#slots].some(({ holdsJob }) => holdsJob);
  }

  /** For how long no slot has run a job. */
  get idleMs(): number {
    return this.isWorking ? 0 : Date.now() - this.#lastEndAt;
  }

  /** All the jobs that may be started were started. */
  get isFull(): boolean {
    return this.#maxJobs !== null && this.#started >= this.#maxJobs;
  }

  /** Before a claim; false when the claims that are under way may start all the jobs that are left. */
  takePlace(): boolean {
    if (this.#maxJobs !== null && this.#started + this.#claiming >= this.#maxJobs) return false;
    this.#claiming += 1;
    return true;
  }

  /** A claim has come to nothing. */
  leavePlace(): void {
    this.#claiming -= 1;
  }

  /** A claim has brought a job. */
  begin(slot: Slot): void {
    slot.holdsJob = true;
    this.#claiming -= 1;
    this.#started += 1;
    if (this.isFull) this.#ring(slot);
  }

  /** The job is settled; `hasNext`: the slot has claimed another one in the same step. One that was not run does not count. */
  end(slot: Slot, { hasNext, hasRun }: { hasNext: boolean; hasRun: boolean }): void {
    slot.holdsJob = false;
    this.#lastEndAt = Date.now();
    if (!hasRun) this.#started -= 1;
    if (!hasNext && !this.isWorking) this.#ring(slot);
  }

  /** Asks all slots to finish their jobs: one of them has met something that it cannot go on with. */
  callOff(askToStop: (slot: Slot) => void): void {
    for (const slot of this.#slots) askToStop(slot);
  }

  /** Those that wait have a reason to look again. */
  #ring(by: Slot): void {
    for (const slot of this.#slots) if (slot !== by) slot.doorbell.ring();
  }
}

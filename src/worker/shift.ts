import { type EndedExecution, isFailure } from '../ended-execution.ts';
import type { WorkerOptions } from './options.ts';
import type { Slot } from './slot.ts';
import { Tally } from './tally.ts';

/** What the slots of one process have in common. */
export class Shift {
  readonly tally = new Tally();
  /** As {@link performance.now}: the machine's clock may be set meanwhile. */
  readonly beganAt = performance.now();
  readonly #slots = new Set<Slot>();
  readonly #options: ShiftOptions;
  /** Jobs that were started, and claims that may start another one: `--max-jobs` counts those of all slots together. */
  #started = 0;
  #claiming = 0;
  #lastEndAt = performance.now();
  /** Jobs that have ended badly for good: `--max-failures` counts those of all slots together. */
  #failures = 0;

  constructor(options: ShiftOptions) {
    this.#options = options;
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
    return this.isWorking ? 0 : performance.now() - this.#lastEndAt;
  }

  /** All the jobs that may be started were started. */
  get isFull(): boolean {
    const { maxJobs } = this.#options;
    return maxJobs !== null && this.#started >= maxJobs;
  }

  /** So many jobs have failed that no other one may be started. */
  get hasFailed(): boolean {
    const { maxFailures } = this.#options;
    return maxFailures !== null && this.#failures >= maxFailures;
  }

  /** Whether a failure may be the one that ends the shift: a next job is then not claimed before that is known. */
  get countsFailures(): boolean {
    return this.#options.maxFailures !== null;
  }

  /** Before a claim; false when the claims that are under way may start all the jobs that are left. */
  takePlace(): boolean {
    const { maxJobs } = this.#options;
    if (this.hasFailed || (maxJobs !== null && this.#started + this.#claiming >= maxJobs)) return false;
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
    this.#lastEndAt = performance.now();
    if (!hasRun) this.#started -= 1;
    if (!hasNext && !this.isWorking) this.#ring(slot);
  }

  /** A slot does something that may leave work for all of them, and that is no job of the shift's. */
  hold(slot: Slot): void {
    slot.holdsJob = true;
  }

  release(slot: Slot): void {
    slot.holdsJob = false;
    this.#lastEndAt = performance.now();
    if (!this.isWorking) this.#ring(slot);
  }

  /** An execution has ended in a slot of this shift. */
  settled(ended: EndedExecution): void {
    this.tally.add(ended.id, ended.fate);
    this.#note(ended);
  }

  /** A job of a dead worker has ended here. */
  endedForDead(ended: EndedExecution): void {
    this.tally.addForDead(ended.fate);
    this.#note(ended);
  }

  /** Asks all slots to finish their jobs: one of them has met something that it cannot go on with. */
  callOff(askToStop: (slot: Slot) => void): void {
    for (const slot of this.#slots) askToStop(slot);
  }

  #note(ended: EndedExecution): void {
    if (isFailure(ended)) this.#failures += 1;
    this.#options.onEnded(ended);
    if (this.hasFailed) for (const slot of this.#slots) slot.doorbell.ring();
  }

  /** Those that wait have a reason to look again. */
  #ring(by: Slot): void {
    for (const slot of this.#slots) if (slot !== by) slot.doorbell.ring();
  }
}

type ShiftOptions = Pick<WorkerOptions, 'maxJobs' | 'maxFailures' | 'onEnded'>;

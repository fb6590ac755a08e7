import { Tally } from './tally.ts';

/** What the slots of one process have in common. */
export class Shift {
  readonly tally = new Tally();
  /** Jobs that any slot has started: `--max-jobs` counts them together. */
  started = 0;
  readonly beganAt = Date.now();
}

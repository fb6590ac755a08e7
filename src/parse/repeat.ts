import { RqtError } from '../errors.ts';
import { parseCount } from './count.ts';
import { parseIntervals } from './intervals.ts';

/**
 * RQ's fields: `repeats_left`, and `repeat_intervals` in whole seconds. RQ counts from the end (index `repeats_left - 1`, else the last;
 * rq/repeat.py), so the first repeat's interval stands last. One for all when they are equal; empty when all are zero: the field is to be
 * left out then.
 */
export interface RepeatFields {
  readonly repeatsLeft: number;
  readonly intervals: readonly number[];
}

/**
 * Reads `--repeat N` and `--repeat-interval 1h[,2h]`, or null when neither was given. The n-th repeat waits its own interval after a
 * success; the last one repeats. @throws RqtError `usage`.
 */
export function parseRepeat(times: string | undefined, values: readonly string[]): RepeatFields | null {
  if (times === undefined) {
    if (values.length > 0)
      throw refuse('--repeat-interval says how repeats wait, and there are none', '--repeat 3 --repeat-interval 1h');
    return null;
  }
  const repeatsLeft = parseCount(times, '--repeat', { max: MOST_REPEATS, example: 3 });
  const given = parseIntervals(values, '--repeat-interval');
  if (given.length > repeatsLeft) {
    throw refuse(
      `--repeat-interval has ${given.length} waits and --repeat allows ${repeatsLeft} repeats`,
      `--repeat ${given.length}`,
    );
  }
  if (given.every(interval => interval === given[0])) return { repeatsLeft, intervals: given[0] ? [given[0]] : [] };
  if (repeatsLeft > MOST_LISTED) {
    throw refuse(
      `--repeat ${repeatsLeft} with intervals that differ is too long a list (${MOST_LISTED} at the most)`,
      '--repeat-interval 1h',
    );
  }
  const intervals = Array.from({ length: repeatsLeft }, (_, n) => given[Math.min(n, given.length - 1)] ?? 0);
  return { repeatsLeft, intervals: intervals.reverse() };
}

const MOST_REPEATS = 1_000_000;
/** A longer list than this has no place in a job's hash. */
const MOST_LISTED = 1000;

function refuse(problem: string, example: string): RqtError {
  return new RqtError('usage', `${problem}; write for example ${example}`);
}

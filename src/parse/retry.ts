import { RqtError } from '../errors.ts';
import { parseCount } from './count.ts';
import { parseDuration } from './duration.ts';
import { parseIntervals } from './intervals.ts';
import { quote } from './quote.ts';

/** What the flags about retries say; undefined and empty: not given. */
export interface RetryFlags {
  /** `--retry-max` */
  readonly max: string | undefined;
  /** `--retry-interval`, comma lists and repeats */
  readonly intervals: readonly string[];
  /** `--backoff` */
  readonly backoff: string | undefined;
  /** `--retry-delay` */
  readonly delay: string | undefined;
  /** `--retry-max-delay` */
  readonly maxDelay: string | undefined;
  /** `--jitter` */
  readonly jitter: boolean;
}

/** Checked retries: the n-th failure waits `intervals[n]` whole seconds; with jitter, each job between half of that and all of it. */
export interface RetryPlan {
  readonly intervals: readonly number[];
  readonly jitter: boolean;
}

/**
 * RQ's fields of one job: `retries_left`, and `retry_intervals` in whole seconds, exactly that many, so that RQ's rule (index
 * `max(length - retries_left, 0)`, rq/job.py) gives the n-th retry its own. Empty when all are zero: the field is to be left out
 * then, since a Python worker fails on `[]`.
 */
export interface RetryFields {
  readonly retriesLeft: number;
  readonly intervals: readonly number[];
}

/**
 * Reads the flags about retries, or null when there are none.
 *
 * | flags | the n-th retry, from 0, waits |
 * |---|---|
 * | `--retry-max N` | not at all |
 * | `--retry-interval 10,30` | its own interval; the last one repeats |
 * | `--backoff linear` | delay * (n + 1), `--retry-max-delay` at the most |
 * | `--backoff exponential` | delay * 2^n, `--retry-max-delay` at the most |
 *
 * The delay is 5 s and its most 1 h where the flags do not say.
 *
 * @throws RqtError `usage`, also for flags that contradict each other.
 */
export function parseRetry(flags: RetryFlags): RetryPlan | null {
  refuseContradictions(flags);
  if (flags.max === undefined) return null;
  const max = parseCount(flags.max, '--retry-max', { max: MOST_RETRIES, example: 3 });
  const intervals = flags.backoff === undefined ? listIntervals(flags.intervals, max) : backOff(flags.backoff, max, flags);
  return { intervals, jitter: flags.jitter };
}

/** One job's fields. Call it for each job, so that jobs that fail together do not come back together. `random` is in [0, 1). */
export function expandRetry({ intervals, jitter }: RetryPlan, random: () => number = Math.random): RetryFields {
  const seconds = jitter ? intervals.map(interval => jittered(interval, random())) : intervals;
  return { retriesLeft: intervals.length, intervals: seconds.some(interval => interval > 0) ? seconds : [] };
}

/** A longer list than this has no place in every job's hash. */
const MOST_RETRIES = 1000;
const DEFAULT_DELAY = '5s';
const DEFAULT_MAX_DELAY = '1h';

function refuseContradictions({ max, intervals, backoff, delay, maxDelay, jitter }: RetryFlags): void {
  const given = [
    intervals.length > 0 && '--retry-interval',
    backoff !== undefined && '--backoff',
    delay !== undefined && '--retry-delay',
    maxDelay !== undefined && '--retry-max-delay',
    jitter && '--jitter',
  ].filter(flag => flag !== false);
  if (max === undefined && given[0])
    throw refuse(`${given[0]} says how retries wait, and there are none`, `--retry-max 3 ${shownFor(given[0])}`);
  if (intervals.length > 0 && backoff !== undefined) {
    throw refuse(
      '--retry-interval lists the waits and --backoff computes them: give one of them',
      '--retry-max 3 --backoff exponential',
    );
  }
  const idle = given.find(flag => flag === '--retry-delay' || flag === '--retry-max-delay');
  if (idle && backoff === undefined)
    throw refuse(`${idle} needs --backoff`, `--retry-max 5 --backoff exponential ${shownFor(idle)}`);
  if (jitter && intervals.length === 0 && backoff === undefined) {
    throw refuse('--jitter needs waits to vary', '--retry-max 3 --retry-interval 10,30,60 --jitter');
  }
}

function shownFor(flag: string): string {
  const values: Readonly<Record<string, string>> = {
    '--retry-interval': '--retry-interval 10,30,60',
    '--backoff': '--backoff exponential',
    '--retry-delay': '--retry-delay 5s',
    '--retry-max-delay': '--retry-max-delay 1h',
    '--jitter': '--retry-interval 60 --jitter',
  };
  return values[flag] ?? flag;
}

function listIntervals(values: readonly string[], max: number): number[] {
  const given = parseIntervals(values, '--retry-interval');
  if (given.length > max) {
    throw refuse(
      `--retry-interval has ${given.length} waits and --retry-max allows ${max} retries`,
      `--retry-max ${given.length}`,
    );
  }
  return Array.from({ length: max }, (_, n) => given[Math.min(n, given.length - 1)] ?? 0);
}

function backOff(kind: string, max: number, { delay, maxDelay }: RetryFlags): number[] {
  if (kind !== 'exponential' && kind !== 'linear')
    throw refuse(`--backoff ${quote(kind)} is not known`, '--backoff exponential or --backoff linear');
  const base = readSeconds(delay ?? DEFAULT_DELAY, '--retry-delay');
  // A long delay lifts the cap that nobody asked for.
  const cap =
    maxDelay === undefined ? Math.max(readSeconds(DEFAULT_MAX_DELAY, ''), base) : readSeconds(maxDelay, '--retry-max-delay');
  if (cap < base) throw refuse('--retry-max-delay is shorter than --retry-delay', '--retry-delay 5s --retry-max-delay 1h');
  return Array.from({ length: max }, (_, n) => Math.min(cap, base * (kind === 'linear' ? n + 1 : 2 ** n)));
}

function readSeconds(text: string, flag: string): number {
  return (parseDuration(text, flag, { allowZero: false, allowNone: false }) ?? 0) / 1000;
}

/** A whole number of seconds, each between half the interval and all of it as likely as any other. */
function jittered(interval: number, random: number): number {
  const least = Math.ceil(interval / 2);
  return least + Math.floor(random * (interval - least + 1));
}

function refuse(problem: string, example: string): RqtError {
  return new RqtError('usage', `${problem}; write for example ${example}`);
}

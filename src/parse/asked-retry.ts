import { RqtError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { quote } from './quote.ts';

/** What `Retry` of rqt/task takes. */
const OPTIONS: readonly string[] = ['in', 'max', 'because'];

/** What is wrong with the options that a task gave to `Retry`, in one line, or null: any of them may be of any type. */
export function findRetryMistake(options: unknown): string | null {
  if (typeof options !== 'object' || options === null) return "give its options by name: Retry({ in: '30s', max: 3 })";
  const unknown = Object.keys(options).find(name => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    const hint = unknown === 'interval' ? " (what RQ calls interval is 'in')" : '';
    return `there is no option ${quote(unknown)}; there are ${OPTIONS.join(', ')}${hint}`;
  }
  const { in: wait, max } = options as { in?: unknown; max?: unknown };
  return findWaitMistake(wait) ?? findMaxMistake(max);
}

/**
 * The milliseconds of a wait as a task gives it: text as on the command line, or seconds, which may have been computed.
 * @throws RqtError `usage`
 */
export function askedWaitMs(wait: unknown): number {
  const text = typeof wait === 'number' && wait > 0 ? String(Math.round(wait * 1000) / 1000) : String(wait);
  return parseDuration(text, 'in', { allowNone: false, wholeSeconds: false }) ?? 0;
}

function findWaitMistake(wait: unknown): string | null {
  try {
    askedWaitMs(wait ?? 0);
    return null;
  } catch (error) {
    if (error instanceof RqtError) return error.message;
    throw error;
  }
}

function findMaxMistake(max: unknown): string | null {
  if (max === undefined || max === null || max === Number.POSITIVE_INFINITY) return null;
  return Number.isInteger(max) && Number(max) >= 0
    ? null
    : `max ${quote(String(max))} is no number of times; write for example 3`;
}

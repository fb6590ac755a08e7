import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';

/** What a flag takes as a duration. */
export interface DurationRules {
  /** Whether 0 is a value (default: yes). */
  readonly allowZero?: boolean;
  /** Whether `-1` means "none" (default: yes). */
  readonly allowNone?: boolean;
  /** Whether it must be whole seconds, which is all that RQ's fields hold (default: yes). */
  readonly wholeSeconds?: boolean;
}

/**
 * The milliseconds of a duration such as `90`, `90s`, `5m`, `1.5h`, `1d`, `2w`, or null for `-1`, which is none.
 *
 * A superset of what RQ's `parse_timeout` takes in practice: a number of seconds, or a number and one unit, in either case.
 * More than 100 years is a mistake and refused, as is a part of a second where RQ stores whole ones.
 *
 * @throws RqtError `usage`, naming `flag`.
 */
export function parseDuration(text: string, flag: string, rules: DurationRules = {}): number | null {
  const trimmed = text.trim();
  if (trimmed === '-1' && rules.allowNone !== false) return null;
  const match = SHAPE.exec(trimmed);
  if (!match) throw refuse(text, flag, trimmed.startsWith('-') ? 'is negative' : 'is not a duration', rules);
  const [, whole = '', fraction = '', unit = 's'] = match;
  const scale = 10 ** fraction.length;
  const scaledMs = Number(whole + fraction) * (UNIT_MS[unit.toLowerCase()] ?? 0);
  if (scaledMs > MAX_MS * scale) throw refuse(text, flag, 'is more than 100 years', rules);
  if (scaledMs % scale !== 0) throw refuse(text, flag, 'is no whole number of milliseconds', rules);
  const durationMs = scaledMs / scale;
  if (durationMs === 0 && rules.allowZero === false) throw refuse(text, flag, 'is zero', rules);
  if (durationMs % 1000 !== 0 && rules.wholeSeconds !== false) throw refuse(text, flag, 'is no whole number of seconds', rules);
  return durationMs;
}

const SHAPE = /^\+?(\d+)(?:\.(\d{1,3}))?([smhdw])?$/i;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MAX_MS = 100 * 365.25 * 86_400_000;

function refuse(text: string, flag: string, problem: string, rules: DurationRules): RqtError {
  const none = rules.allowNone === false ? '' : ', or -1 for none';
  return new RqtError('usage', `${flag} ${quote(text)} ${problem}; write for example 90, 90s, 5m, 2h, 1d${none}`);
}

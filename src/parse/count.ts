import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';

/** What a flag takes as a whole number. */
export interface CountRules {
  /** Default: 1. */
  readonly min?: number;
  /** Default: 15 digits. */
  readonly max?: number;
  /** A right value, shown in a refusal; default: 10. */
  readonly example?: number;
}

/** A whole number in decimal digits, within bounds. @throws RqtError `usage`, naming `flag`. */
export function parseCount(text: string, flag: string, { min = 1, max = MAX, example = 10 }: CountRules = {}): number {
  const count = /^\+?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw new RqtError(
    'usage',
    `${flag} ${quote(text)} ${problemOf(text, count, { min, max })}; write for example ${flag} ${example}`,
  );
}

const MAX = 999_999_999_999_999;

function problemOf(text: string, count: number, { min, max }: { min: number; max: number }): string {
  if (Number.isNaN(count)) return /^-\d+$/.test(text.trim()) ? 'is negative' : 'is not a whole number';
  return count < min ? `is less than ${min}` : `is more than ${max}`;
}

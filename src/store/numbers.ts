/**
 * Numbers as Redis has them: anybody may have written anything there. What is none is what a field that is missing is.
 */

/** Times beyond these are no dates (ECMAScript's time range), in milliseconds. */
const MAX_TIME_MS = 8.64e15;

/** A count, `otherwise` for what is no whole number from 0 to 2^53. */
export function countOf(text: string | null | undefined, otherwise = 0): number {
  const count = text ? Number(text) : Number.NaN;
  return Number.isSafeInteger(count) && count >= 0 ? count : otherwise;
}

/** A time in epoch milliseconds, null for what is none. */
export function timeOf(text: string | null | undefined): number | null {
  const ms = text ? Number(text) : Number.NaN;
  return Math.abs(ms) <= MAX_TIME_MS ? ms : null;
}

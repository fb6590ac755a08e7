import { RqtError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { quote } from './quote.ts';

const DAY_S = 86_400;

/**
 * The milliseconds of a slot of time such as `1m`, `15m`, `1h`, `1d`: a whole number of them makes a day, so that every day is cut alike.
 * @throws RqtError `usage`, naming `--once-per` and the nearest durations that divide a day.
 */
export function parseSlot(text: string): number {
  const slotMs = parseDuration(text, '--once-per', { allowZero: false, allowNone: false }) ?? 0;
  const seconds = slotMs / 1000;
  if (DAY_S % seconds === 0) return slotMs;
  if (seconds > DAY_S) throw refuse(text, 'is longer than a day, and slots divide a day; write --once-per 1d or less');
  const [unit, size] = UNITS.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  // In the unit that was meant: 6m and 8m say more to who wrote 7m than 400s and 432s.
  const near = [-size, size].map(step => `${nearestDivisor(seconds, step) / size}${unit}`);
  throw refuse(text, `does not divide a day; the nearest that do are ${near.join(' and ')}`);
}

function nearestDivisor(seconds: number, step: number): number {
  let divisor = seconds;
  while (DAY_S % divisor !== 0) divisor += step;
  return divisor;
}

const UNITS = [
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

function refuse(text: string, problem: string): RqtError {
  return new RqtError('usage', `--once-per ${quote(text)} ${problem}`);
}

import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';
import { instantIn } from './zone.ts';

/**
 * The moment (milliseconds since the epoch) that `--schedule-at` names: `2027-01-31T09:00`, `2027-01-31 09:00:30`, or a date alone,
 * which is its midnight. With `Z` or `+02:00` behind it the time is of that offset, with `zone` (`--tz`) of that zone, else local.
 *
 * As ECMAScript and Temporal's `compatible`: a local time that a change to summer time leaves out moves forward by as much; of one that
 * exists twice the first is taken. A time in the past is one; more than 100 years after `now` is a mistake and refused.
 *
 * @throws RqtError `usage`, also for a time with an offset when `zone` is given.
 */
export function parseWhen(text: string, zone: string | undefined, now: number): number {
  const { wall, offset } = readWall(text);
  if (offset !== null && zone !== undefined) {
    throw new RqtError('usage', `--schedule-at ${quote(text)} has an offset and --tz names a zone: give one of them; ${EXAMPLE}`);
  }
  const when = offset !== null ? wall - offset : zone === undefined ? localInstant(wall) : instantIn(zone, wall);
  if (when - now > MAX_AHEAD_MS) throw refuse(text, 'is more than 100 years ahead');
  return when;
}

const MAX_AHEAD_MS = 100 * 365.25 * 86_400_000;
const SHAPE = /^([12]\d{3})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const EXAMPLE = 'write for example --schedule-at 2027-01-31T09:00, 2027-01-31T09:00Z or 2027-01-31T09:00+02:00';

/** A date and time as a clock on the wall shows it, in milliseconds as if in UTC, and its offset from UTC or null. */
interface Wall {
  readonly wall: number;
  readonly offset: number | null;
}

function readWall(text: string): Wall {
  const match = SHAPE.exec(text.trim());
  if (!match) throw refuse(text, 'is not a date and time');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(part => Number(part ?? 0));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(wall);
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day || hour > 23)
    throw refuse(text, hour > 23 ? NO_TIME : NO_DAY);
  if (minute > 59 || second > 59) throw refuse(text, NO_TIME);
  return { wall, offset: match[7] === undefined ? null : readOffset(match[7], text) };
}

const NO_DAY = 'names a day that does not exist';
const NO_TIME = 'names a time of day that does not exist';

function readOffset(suffix: string, text: string): number {
  if (/z/i.test(suffix)) return 0;
  const [hours, minutes] = [Number(suffix.slice(1, 3)), Number(suffix.slice(3).replace(':', ''))];
  if (hours > 18 || minutes > 59) throw refuse(text, 'has an offset that does not exist');
  return (suffix.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** JavaScript's own rule for local times is the one above, and costs no Intl. */
function localInstant(wall: number): number {
  const at = new Date(wall);
  return new Date(
    at.getUTCFullYear(),
    at.getUTCMonth(),
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
  ).getTime();
}

function refuse(text: string, problem: string): RqtError {
  return new RqtError('usage', `--schedule-at ${quote(text)} ${problem}; ${EXAMPLE}`);
}

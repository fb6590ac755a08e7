import { RqtError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { quote } from './quote.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The moment at which clocks in a zone show `wall` (milliseconds as if in UTC). A time that a change leaves out moves forward by as much; of
 * one that exists twice the first is taken. @throws RqtError `usage` for a zone that there is not, naming `--tz`.
 */
export function instantIn(zone: string, wall: number): number {
  return Math.min(...instantsOf(openZone(zone), wall));
}

/**
 * The slot of time that `now` is in, where clocks of a zone cut the day: a day begins at its midnight, and has 23 or 25 hours where summer
 * time begins or ends. An hour that exists twice has slots of its own each time. `slotMs` divides a day.
 * @throws RqtError `usage` for a zone that there is not.
 */
export function slotIn(zone: string, now: number, slotMs: number): { fromMs: number; toMs: number } {
  const format = openZone(zone);
  const startsOf = (wall: number) => instantsOf(format, wall).slice(0, slotMs > HOUR_MS ? 1 : 2);
  const wall = Math.floor((now + offsetAt(format, now)) / slotMs) * slotMs;
  const starts = startsOf(wall);
  return {
    fromMs: Math.max(...starts.filter(at => at <= now)),
    toMs: Math.min(...[...starts, ...startsOf(wall + slotMs)].filter(at => at > now)),
  };
}

/** In their order. */
function instantsOf(format: Intl.DateTimeFormat, wall: number): number[] {
  // No offset is a day or more: a day before and a day after, the offsets on both sides of a change are known.
  const before = offsetAt(format, wall - DAY_MS);
  const after = offsetAt(format, wall + DAY_MS);
  const candidates = [...new Set([wall - before, wall - after])].filter(at => at + offsetAt(format, at) === wall);
  return candidates.length > 0 ? candidates.sort((a, b) => a - b) : [wall - before];
}

/**
 * How far the clocks of a zone are ahead of UTC when they show `wall` (milliseconds as if in UTC), in milliseconds. A time that a change leaves
 * out, or that exists twice, has the offset from before the change, or, `afterChange`, that from behind it: Python's `fold`.
 */
export function offsetOf(format: Intl.DateTimeFormat, wall: number, afterChange: boolean): number {
  const at = Math.max(wall, FIRST_CHANGE);
  const [before, after] = [offsetAt(format, at - DAY_MS), offsetAt(format, at + DAY_MS)];
  if (before === after) return before;
  const valid = [before, after].filter(offset => offset === offsetAt(format, at - offset));
  return valid.length === 1 ? (valid[0] ?? before) : afterChange ? after : before;
}

/** Every zone keeps its first offset until long after this. */
const FIRST_CHANGE = Date.UTC(1700, 0);

function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  // Several times as fast as formatToParts: a pickle may hold many times.
  const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = (format.format(at).match(/\d+/g) ?? []).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) - at;
}

function openZone(zone: string): Intl.DateTimeFormat {
  try {
    return zoneFormat(zone);
  } catch (cause) {
    throw new RqtError('usage', `--tz ${quote(zone)} ${zoneHint(zone)}`, { cause });
  }
}

/** What tells the clocks of an IANA time zone. @throws RangeError when there is no such zone. */
export function zoneFormat(zone: string): Intl.DateTimeFormat {
  // Newer Nodes take offsets as zones, older ones do not.
  if (/^[+-]/.test(zone)) throw new RangeError('an offset');
  const numeric = 'numeric';
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric } as const;
  return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', calendar: 'gregory', ...fields });
}

function zoneHint(zone: string): string {
  if (/^[+-]/.test(zone)) return 'is an offset, not a zone; put it behind the time: --schedule-at 2027-01-31T09:00+02:00';
  const near = nearestZone(zone);
  return `is not a known time zone; ${near ? `did you mean --tz ${near}?` : 'write for example --tz Europe/Berlin'}`;
}

/** The zone whose city or name is most like a word, or null. */
function nearestZone(text: string): string | null {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  return zones.find(name => name.toLowerCase().endsWith(`/${text.toLowerCase()}`)) ?? nearest(text, zones);
}

/** An IANA time zone as its users write it, `Europe/Berlin`; unchanged. `flag` names it in messages. @throws RqtError `usage`. */
export function parseZone(text: string, flag: string): string {
  if (/^[+-]/.test(text)) {
    throw new RqtError('usage', `${flag} ${quote(text)} is an offset, not a zone; write for example ${flag} Europe/Berlin`);
  }
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return text;
  } catch (cause) {
    const near = nearestZone(text);
    const hint = near ? `did you mean ${near}?` : `write for example ${flag} Europe/Berlin`;
    throw new RqtError('usage', `${flag} ${quote(text)} is not a known time zone; ${hint}`, { cause });
  }
}

/** The zone of this machine, as TZ or its settings say. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

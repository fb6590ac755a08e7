import { offsetOf, zoneFormat } from '../../parse/zone.ts';
import { damaged, foreign, Moment, type Node, OFFSET_UNITS, Region, Span, shown, Zone } from './nodes.ts';

/** Python's dates and times, from the bytes in which it pickles them (datetime.py, `_getstate`), as the text of `isoformat()`. */

const MICROSECONDS = 1_000_000;
const DAY = 86_400;

/** `datetime(state, zone?)`: year (2 bytes), month, day, hour, minute, second, microsecond (3). The month's first bit is Python's `fold`. */
export function buildDatetime(args: readonly Node[]): Moment {
  const [state, zone] = stateAndZone(args, 10);
  const [year, month = 0, day = 0] = [state.readUInt16BE(0), (state[2] ?? 0) & 0x7f, state[3]];
  const [hour = 0, minute = 0, second = 0] = [state[4], state[5], state[6]];
  const text = `${dateText(year, month, day)}T${timeText({ hour, minute, second, microsecond: state.readUIntBE(7, 3) })}`;
  if (!(zone instanceof Region)) return new Moment(text + offsetText(zone));
  const isFolded = (state[2] ?? 0) > 0x7f;
  const offset = offsetOf(zone.format, wallTime(year, month, day) + 1000 * (3600 * hour + 60 * minute + second), isFolded);
  return new Moment(text + offsetText(1000 * offset), OFFSET_UNITS);
}

/** `date(state)`: year (2 bytes), month, day. */
export function buildDate(args: readonly Node[]): Moment {
  const [state] = args;
  if (args.length !== 1 || !Buffer.isBuffer(state) || state.length !== 4) throw damaged('a date');
  return new Moment(dateText(state.readUInt16BE(0), state[2] ?? 0, state[3] ?? 0));
}

/**
 * `time(state, zone?)`: hour, minute, second, microsecond (3 bytes). The hour's first bit is Python's `fold`. Without a date, a zone with
 * a history has no offset.
 */
export function buildTime(args: readonly Node[]): Moment {
  const [state, zone] = stateAndZone(args, 6);
  const time = { hour: (state[0] ?? 0) & 0x7f, minute: state[1], second: state[2], microsecond: state.readUIntBE(3, 3) };
  if (!(zone instanceof Region)) return new Moment(timeText(time) + offsetText(zone));
  const offset = WITHOUT_HISTORY.test(zone.name) ? 1000 * offsetOf(zone.format, 0, false) : null;
  return new Moment(timeText(time) + offsetText(offset), OFFSET_UNITS);
}

const WITHOUT_HISTORY = /^(Etc\/.*|UTC|UCT|GMT[+-]?0?|Greenwich|Universal|Zulu)$/;

/** `timedelta(days, seconds, microseconds)`, as Python normalises it. */
export function buildSpan(args: readonly Node[]): Span {
  const [days, seconds, microseconds] = args;
  const isWhole = args.length === 3 && isWithin(days, -999_999_999, 999_999_999);
  if (!isWhole || !isWithin(seconds, 0, DAY - 1) || !isWithin(microseconds, 0, MICROSECONDS - 1)) throw damaged('a timedelta');
  return new Span((days * DAY + seconds) * MICROSECONDS + microseconds);
}

/** `timezone(offset, name?)`. */
export function buildZone(args: readonly Node[]): Zone {
  const [span, name = ''] = args;
  if (!(span instanceof Span) || args.length > 2 || typeof name !== 'string') throw damaged('a timezone');
  if (Math.abs(span.microseconds) >= DAY * MICROSECONDS) throw damaged('a timezone');
  return new Zone(span.microseconds);
}

/** `ZoneInfo._unpickle(key, from_cache)`. @throws PickleRefusal for a zone that Node does not know. */
export function buildRegion(args: readonly Node[]): Region {
  const [name] = args;
  if (args.length !== 2 || typeof name !== 'string') throw damaged('a ZoneInfo');
  try {
    return new Region(name, zoneFormat(name.slice(0, MAX_ZONE_NAME)));
  } catch {
    throw foreign(`zoneinfo.ZoneInfo ${shown(name)}`);
  }
}

const MAX_ZONE_NAME = 100;

/** The zone: none, its offset in microseconds, or a region. */
function stateAndZone(args: readonly Node[], length: number): [state: Buffer, zone: number | Region | null] {
  const [state, zone = null] = args;
  const isZone = zone === null || zone instanceof Zone || zone instanceof Region;
  if (args.length < 1 || args.length > 2 || !Buffer.isBuffer(state) || state.length !== length || !isZone)
    throw damaged('a date or a time');
  return [state, zone instanceof Zone ? zone.offset : zone];
}

/** Milliseconds as if in UTC. */
function wallTime(year: number, month: number, day: number): number {
  // Date.UTC takes years below 100 for those of the last century.
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function dateText(year: number, month: number, day = 0): string {
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  if (!isWithin(year, 1, 9999) || !isWithin(month, 1, 12) || !isWithin(day, 1, daysInMonth)) throw damaged('a date');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

interface Time {
  readonly hour: number | undefined;
  readonly minute: number | undefined;
  readonly second: number | undefined;
  readonly microsecond: number;
}

function timeText({ hour, minute, second, microsecond }: Time): string {
  if (!isWithin(hour, 0, 23) || !isWithin(minute, 0, 59) || !isWithin(second, 0, 59) || microsecond >= MICROSECONDS)
    throw damaged('a time');
  return `${two(hour)}:${two(minute)}:${two(second)}${fraction(microsecond)}`;
}

/** `+02:00`, and seconds and their fraction where an offset (in microseconds) has them. */
function offsetText(offset: number | null): string {
  if (offset === null) return '';
  const whole = Math.abs(offset);
  const seconds = Math.floor(whole / MICROSECONDS);
  const rest = whole % MICROSECONDS;
  const exact = seconds % 60 === 0 && rest === 0 ? '' : `:${two(seconds % 60)}${fraction(rest)}`;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}${exact}`;
}

function fraction(microsecond: number): string {
  return microsecond === 0 ? '' : `.${String(microsecond).padStart(6, '0')}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

import type { Look } from './look.ts';

type Zone = Pick<Look, 'timeZone'>;

const MINUTE_MS = 60_000;
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Local date and time, `2026-11-23 15:47:50`; a time that no calendar has is `?`. */
export function formatTime(epochMs: number, zone: Zone): string {
  return localIso(epochMs, zone)?.slice(0, 19).replace('T', ' ') ?? '?';
}

/** Local time of day with milliseconds, `15:47:50.123`: what stands in front of a log line. */
export function formatClock(epochMs: number, zone: Zone): string {
  return localIso(epochMs, zone)?.slice(11, 23) ?? '?';
}

/** The zone that {@link formatTime} uses at that time, as its offset: `UTC`, `+01:00`, `-03:30`. */
export function formatZone(epochMs: number, zone: Zone): string {
  const offsetMin = isTime(epochMs) ? offsetMinutesAt(epochMs, zone.timeZone) : 0;
  if (offsetMin === 0) return 'UTC';
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const size = Math.abs(offsetMin);
  return `${offsetMin < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
}

/** ISO 8601 in UTC with milliseconds, for JSON; null stays null, and a time that no calendar has becomes null. */
export function isoTime(epochMs: number | null): string | null {
  return epochMs !== null && isTime(epochMs) ? new Date(epochMs).toISOString() : null;
}

/** Milliseconds as seconds, for JSON; null stays null. */
export function toSeconds(durationMs: number | null): number | null {
  return durationMs === null ? null : durationMs / 1000;
}

function localIso(epochMs: number, zone: Zone): string | null {
  if (!isTime(epochMs)) return null;
  return new Date(epochMs + offsetMinutesAt(epochMs, zone.timeZone) * MINUTE_MS).toISOString();
}

function isTime(epochMs: number): boolean {
  return epochMs >= 0 && epochMs <= LATEST_MS;
}

/** The first Intl formatter of a process costs 12 ms: it is used only when a zone is asked for by name. */
function offsetMinutesAt(epochMs: number, timeZone: string | undefined): number {
  if (timeZone === undefined) return -new Date(epochMs).getTimezoneOffset();
  const found = /GMT([+-])(\d\d):(\d\d)/.exec(offsetFormatter(timeZone).format(epochMs));
  if (!found) return 0;
  const size = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === '-' ? -size : size;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function offsetFormatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formatters.set(timeZone, formatter);
  return formatter;
}

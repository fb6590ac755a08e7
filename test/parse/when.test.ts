import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWhen } from '../../src/parse/when.ts';

const now = Date.UTC(2026, 10, 23);
// As a process started in Berlin; Node looks at TZ anew when it is set.
process.env.TZ = 'Europe/Berlin';

const good: readonly [text: string, zone: string | undefined, iso: string, why?: string][] = [
  ['2027-01-31T09:00', undefined, '2027-01-31T08:00:00Z'],
  ['2027-07-31 09:00:30', undefined, '2027-07-31T07:00:30Z'],
  ['2027-01-31', undefined, '2027-01-30T23:00:00Z'],
  [' 2027-01-31t09:00 ', undefined, '2027-01-31T08:00:00Z'],
  ['2028-02-29T00:00', undefined, '2028-02-28T23:00:00Z'],
  ['1999-12-31T23:59:59', undefined, '1999-12-31T22:59:59Z', 'the past'],
  ['2027-03-28T02:30', undefined, '2027-03-28T01:30:00Z', 'left out in spring'],
  ['2027-10-31T02:30', undefined, '2027-10-31T00:30:00Z', 'the first of two in autumn'],
  ['2027-01-31T09:00Z', undefined, '2027-01-31T09:00:00Z'],
  ['2027-01-31T09:00z', undefined, '2027-01-31T09:00:00Z'],
  ['2027-01-31T09:00+02:00', undefined, '2027-01-31T07:00:00Z'],
  ['2027-01-31 09:00:30-0530', undefined, '2027-01-31T14:30:30Z'],
  ['2027-01-31T09:00+14', undefined, '2027-01-30T19:00:00Z'],
  ['2027-01-31T09:00', 'UTC', '2027-01-31T09:00:00Z'],
  ['2027-01-31T09:00', 'Europe/Berlin', '2027-01-31T08:00:00Z'],
  ['2027-07-31T09:00', 'europe/berlin', '2027-07-31T07:00:00Z'],
  ['2027-01-31', 'Asia/Kathmandu', '2027-01-30T18:15:00Z'],
  ['2027-03-28T01:59:59', 'Europe/Berlin', '2027-03-28T00:59:59Z', 'the last second of winter'],
  ['2027-03-28T02:00', 'Europe/Berlin', '2027-03-28T01:00:00Z', 'left out: it moves forward by the hour'],
  ['2027-03-28T02:30', 'Europe/Berlin', '2027-03-28T01:30:00Z', 'left out: it moves forward by the hour'],
  ['2027-03-28T03:00', 'Europe/Berlin', '2027-03-28T01:00:00Z', 'the first second of summer'],
  ['2027-10-31T01:59', 'Europe/Berlin', '2027-10-30T23:59:00Z'],
  ['2027-10-31T02:00', 'Europe/Berlin', '2027-10-31T00:00:00Z', 'twice: the first'],
  ['2027-10-31T02:59:59', 'Europe/Berlin', '2027-10-31T00:59:59Z', 'twice: the first'],
  ['2027-10-31T03:00', 'Europe/Berlin', '2027-10-31T02:00:00Z'],
  ['2027-03-14T02:30', 'America/New_York', '2027-03-14T07:30:00Z', 'left out, west of Greenwich'],
  ['2027-11-07T01:30', 'America/New_York', '2027-11-07T05:30:00Z', 'twice: the first, west of Greenwich'],
  ['2027-10-03T02:15', 'Australia/Lord_Howe', '2027-10-02T15:45:00Z', 'left out by half an hour'],
  ['2011-12-30T12:00', 'Pacific/Apia', '2011-12-30T22:00:00Z', 'a day that Samoa left out'],
];
for (const [text, zone, iso, why] of good) {
  test(`'${text}'${zone ? ` in ${zone}` : ''} is ${iso}${why ? ` (${why})` : ''}`, () => {
    assert.equal(new Date(parseWhen(text, zone, now)).toISOString().replace('.000', ''), iso);
  });
}

const bad: readonly [text: string, zone: string | undefined, message: RegExp][] = [
  ['', undefined, /^--schedule-at '' is not a date and time; write for example --schedule-at 2027-01-31T09:00, /],
  ['tomorrow', undefined, /is not a date and time/],
  ['09:00', undefined, /is not a date and time/],
  ['2027-1-31', undefined, /is not a date and time/],
  ['31.01.2027', undefined, /is not a date and time/],
  ['2027-01-31T9:00', undefined, /is not a date and time/],
  ['2027-01-31T09', undefined, /is not a date and time/],
  ['2027-01-31Z', undefined, /is not a date and time/],
  ['2027-01-31T09:00:00.5', undefined, /is not a date and time/],
  ['2027-01-31T09:00[Europe/Berlin]', undefined, /is not a date and time/],
  ['2027-01-31T09:00 x', undefined, /is not a date and time/],
  ['1801234567', undefined, /is not a date and time/],
  ['2027-02-29', undefined, /names a day that does not exist/],
  ['2027-02-30T09:00', undefined, /names a day that does not exist/],
  ['2027-13-01', undefined, /names a day that does not exist/],
  ['2027-00-10', undefined, /names a day that does not exist/],
  ['2027-01-00', undefined, /names a day that does not exist/],
  ['2027-01-31T24:00', undefined, /names a time of day that does not exist/],
  ['2027-01-31T09:60', undefined, /names a time of day that does not exist/],
  ['2027-01-31T09:00:60', undefined, /names a time of day that does not exist/],
  ['2027-01-31T09:00+19:00', undefined, /has an offset that does not exist/],
  ['2127-01-31', undefined, /is more than 100 years ahead/],
  ['2027-01-31T09:00Z', 'UTC', /has an offset and --tz names a zone: give one of them/],
  ['2027-01-31T09:00', 'Europe/Berln', /^--tz 'Europe\/Berln' is not a known time zone; did you mean --tz Europe\/Berlin\?$/],
  ['2027-01-31T09:00', 'berlin', /did you mean --tz Europe\/Berlin\?/],
  ['2027-01-31T09:00', 'utx', /did you mean --tz UTC\?/],
  ['2027-01-31T09:00', '', /^--tz '' is not a known time zone; write for example --tz Europe\/Berlin$/],
  ['2027-01-31T09:00', '+02:00', /^--tz '\+02:00' is an offset, not a zone; put it behind the time/],
];
for (const [text, zone, message] of bad) {
  test(`'${text}'${zone === undefined ? '' : ` in '${zone}'`} is refused: ${message.source.slice(0, 50)}`, () => {
    assert.throws(() => parseWhen(text, zone, now), { code: 'usage', message });
  });
}

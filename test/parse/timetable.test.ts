import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RqtError } from '../../src/errors.ts';
import { parseTimetable } from '../../src/parse/timetable.ts';

const MINUTE_MS = 60_000;
const at = (iso: string) => Date.parse(iso);

/** Around changes of clocks, in zones with whole hours, half hours, odd offsets, at night and at midnight; and one that has none. */
const CHANGES: readonly (readonly [zone: string, from: string, until: string])[] = [
  ['Europe/Berlin', '2027-03-26T12:00Z', '2027-03-29T12:00Z'],
  ['Europe/Berlin', '2027-10-29T12:00Z', '2027-11-01T12:00Z'],
  ['America/New_York', '2027-03-13T00:00Z', '2027-03-15T12:00Z'],
  ['America/New_York', '2027-11-06T00:00Z', '2027-11-08T12:00Z'],
  ['Australia/Lord_Howe', '2027-04-02T00:00Z', '2027-04-05T00:00Z'],
  ['Australia/Lord_Howe', '2027-10-01T00:00Z', '2027-10-04T00:00Z'],
  ['Pacific/Chatham', '2027-04-02T00:00Z', '2027-04-05T00:00Z'],
  ['Pacific/Chatham', '2027-09-24T00:00Z', '2027-09-27T00:00Z'],
  ['America/Havana', '2027-03-13T00:00Z', '2027-03-15T12:00Z'],
  ['America/St_Johns', '2027-11-06T00:00Z', '2027-11-08T12:00Z'],
  ['Asia/Kolkata', '2027-03-26T12:00Z', '2027-03-28T12:00Z'],
];

/** Each minute as clocks on the wall show it there: the expectation knows nothing of cron's library. */
function minutesOf(zone: string, from: number, until: number) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const minutes: { readonly ms: number; readonly date: string; readonly hour: number; readonly minute: number }[] = [];
  for (let ms = from; ms <= until; ms += MINUTE_MS) {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    minutes.push({
      ms,
      date: `${parts.year}-${parts.month}-${parts.day}`,
      hour: Number(parts.hour),
      minute: Number(parts.minute),
    });
  }
  return minutes;
}

const INTERVALS: readonly (readonly [expression: string, is: (hour: number, minute: number) => boolean])[] = [
  ['*/20 * * * *', (_, minute) => minute % 20 === 0],
  ['7 * * * *', (_, minute) => minute === 7],
  ['*/30 1-3 * * *', (hour, minute) => minute % 30 === 0 && hour >= 1 && hour <= 3],
];

for (const [zone, from, until] of CHANGES) {
  test(`an interval goes on through both passes of an hour and has nothing in a gap: ${zone} from ${from}`, () => {
    const minutes = minutesOf(zone, at(from), at(until));
    for (const [expression, is] of INTERVALS) {
      const expected = minutes.filter(({ hour, minute }) => is(hour, minute)).map(({ ms }) => ms);
      assert.deepEqual(parseTimetable(expression, zone).between(at(from), at(until), 10_000), expected, expression);
    }
  });

  test(`a time of day comes once a day, right after the gap when it is in one: ${zone} from ${from}`, () => {
    const minutes = minutesOf(zone, at(from), at(until));
    // Of the first and the last day not all is seen.
    const days = [...new Set(minutes.map(({ date }) => date))].slice(1, -1);
    const seen = minutes.filter(({ date }) => days.includes(date));
    const [first, last] = [seen[0]?.ms ?? 0, seen.at(-1)?.ms ?? 0];
    for (const times of [['2:30'], ['1:45'], ['0:0'], ['2:15', '14:15'], ['3:0'], ['23:59']]) {
      const expected = days.flatMap(day =>
        times.map(time => {
          const [hour = 0, minute = 0] = time.split(':').map(Number);
          const ofDay = seen.filter(({ date }) => date === day);
          const found = ofDay.find(one => one.hour === hour && one.minute === minute);
          return (found ?? ofDay.find(one => one.hour * 60 + one.minute > hour * 60 + minute))?.ms;
        }),
      );
      const expression = `${times[0]?.split(':')[1]} ${times.map(time => time.split(':')[0]).join(',')} * * *`;
      const timetable = parseTimetable(expression, zone);
      assert.deepEqual(timetable.between(first, last, 100), expected, expression);
      assert.equal(timetable.lastUntil(last), expected.at(-1), expression);
    }
  });
}

test('a slot is found from the millisecond before it, and not from itself', () => {
  const timetable = parseTimetable('*/2 * * * * *', 'UTC');
  const slot = at('2026-11-23T10:00:02Z');
  assert.equal(timetable.nextAfter(slot - 1), slot);
  assert.equal(timetable.nextAfter(slot - 1999), slot);
  assert.equal(timetable.nextAfter(slot), slot + 2000);
  assert.equal(timetable.lastUntil(slot - 1), slot - 2000);
  assert.equal(timetable.lastUntil(slot), slot);
  assert.equal(timetable.lastUntil(slot + 1999), slot);
  assert.deepEqual(timetable.between(slot, slot + 4000, 10), [slot, slot + 2000, slot + 4000]);
  assert.deepEqual(timetable.between(slot, slot + 4000, 2), [slot, slot + 2000]);
});

const NEXT: readonly (readonly [expression: string, next: string])[] = [
  ['@hourly', '2026-11-23T11:00:00Z'],
  ['@daily', '2026-11-24T00:00:00Z'],
  ['@weekly', '2026-11-29T00:00:00Z'],
  ['@monthly', '2026-12-01T00:00:00Z'],
  ['@yearly', '2027-01-01T00:00:00Z'],
  ['15 10 * * *', '2026-11-23T10:15:00Z'],
  ['30 15 10 * * *', '2026-11-23T10:15:30Z'],
  ['0 9 * * MON-FRI', '2026-11-24T09:00:00Z'],
  ['0 9 * JAN sun', '2027-01-03T09:00:00Z'],
  ['0 0 L * *', '2026-11-30T00:00:00Z'],
  ['0 0 * * FRI#1', '2026-12-04T00:00:00Z'],
  ['0 0 29 2 *', '2028-02-29T00:00:00Z'],
  ['0 0 1,15 * MON', '2026-11-30T00:00:00Z'],
];
for (const [expression, next] of NEXT) {
  test(`after 2026-11-23 10:00 UTC, '${expression}' comes at ${next}`, () => {
    assert.equal(parseTimetable(expression, 'UTC').nextAfter(at('2026-11-23T10:00:00Z')), at(next));
  });
}

const WRONG: readonly (readonly [expression: string, message: RegExp])[] = [
  ['0 0 30 2 *', /can never come true/],
  ['0 0 31 2,4,6,9,11 *', /can never come true/],
  ['', /has no field, not five/],
  ['* * * *', /has 4 fields, not five/],
  ['* * * * * * 2027', /has 7 fields, not five, or six with seconds in front;/],
  ['2027-01-01T00:00:00', /has 1 field, not five, .* quote it/],
  ['61 * * * *', /Invalid value for minute: 61/],
  ['0 24 * * *', /Invalid value for hour: 24/],
  ['*/0 * * * *', /is wrong/],
  ['0 0 * * MOO', /is wrong/],
  ['@reboot', /is one of @hourly, @daily/],
  ['@every 5m', /has 2 fields, not five/],
  ['5/5 * * * *', /stepping with numeric prefix/],
];
for (const [expression, message] of WRONG) {
  test(`'${expression}' is refused as bad data`, () => {
    assert.throws(
      () => parseTimetable(expression, 'Europe/Berlin'),
      (error: RqtError) => error.code === 'data' && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}

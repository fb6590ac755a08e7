import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ON_TIME_MS } from '../src/cron-entry.ts';
import { ownFields, planSlots, slotJobId } from '../src/cron-slots.ts';
import { parseTimetable } from '../src/parse/timetable.ts';

const minutely = parseTimetable('* * * * *', 'UTC');
const NINE = Date.parse('2026-11-23T09:00:00Z');
const minute = (n: number) => NINE + n * 60_000;

test('a slot that has just come is fired, whatever catch-up says, and nothing was missed', () => {
  for (const catchUp of ['all', 'last', 'none'] as const) {
    assert.deepEqual(planSlots(minutely, catchUp, NINE, NINE + 300), { fire: [NINE], nextSlot: minute(1), missed: null });
    assert.deepEqual(planSlots(minutely, catchUp, NINE, NINE + ON_TIME_MS - 1), {
      fire: [NINE],
      nextSlot: minute(1),
      missed: null,
    });
  }
});

test('all: each missed slot is fired, in order', () => {
  assert.deepEqual(planSlots(minutely, 'all', NINE, minute(3) + 30_000), {
    fire: [minute(0), minute(1), minute(2), minute(3)],
    nextSlot: minute(4),
    missed: { count: 4, slot: minute(3), fired: 4 },
  });
});

test('all: many missed slots are fired in steps that leave none out', () => {
  const now = minute(999) + 30_000;
  const fired: number[] = [];
  let next: number | null = NINE;
  let steps = 0;
  while (next !== null && next <= now) {
    const plan = planSlots(minutely, 'all', next, now);
    fired.push(...plan.fire);
    next = plan.nextSlot;
    steps += 1;
  }
  assert.deepEqual(
    fired,
    Array.from({ length: 1000 }, (_, n) => minute(n)),
  );
  assert.equal(steps, 4);
});

test('last: the last missed slot is fired, once', () => {
  assert.deepEqual(planSlots(minutely, 'last', NINE, minute(3) + 30_000), {
    fire: [minute(3)],
    nextSlot: minute(4),
    missed: { count: 4, slot: minute(3), fired: 1 },
  });
});

test('last: a slot that is on time stands for those that were missed', () => {
  assert.deepEqual(planSlots(minutely, 'last', NINE, minute(3) + 1000), {
    fire: [minute(3)],
    nextSlot: minute(4),
    missed: { count: 3, slot: minute(2), fired: 0 },
  });
});

test('none: missed slots are dropped, one that is on time is not', () => {
  assert.deepEqual(planSlots(minutely, 'none', NINE, minute(3) + 30_000), {
    fire: [],
    nextSlot: minute(4),
    missed: { count: 4, slot: minute(3), fired: 0 },
  });
  assert.deepEqual(planSlots(minutely, 'none', NINE, minute(3) + 1000).fire, [minute(3)]);
});

test('a year of missed seconds takes no time to skip', () => {
  const everySecond = parseTimetable('* * * * * *', 'UTC');
  const now = NINE + 365 * 86_400_000 + 500;
  const plan = planSlots(everySecond, 'last', NINE, now);
  assert.equal(plan.fire.length, ON_TIME_MS / 1000);
  assert.equal(plan.fire.at(-1), now - 500);
  assert.deepEqual(plan.missed, { count: 1000, slot: now - 500 - ON_TIME_MS, fired: 0 });
  assert.equal(plan.nextSlot, now + 500);
});

test('every second, a little late: each slot is fired', () => {
  const everySecond = parseTimetable('* * * * * *', 'UTC');
  assert.deepEqual(planSlots(everySecond, 'last', NINE, NINE + 2500), {
    fire: [NINE, NINE + 1000, NINE + 2000],
    nextSlot: NINE + 3000,
    missed: null,
  });
});

test('a next slot that this machine does not know as one (other zone data) moves on and fires nothing', () => {
  assert.deepEqual(planSlots(minutely, 'all', NINE + 1000, NINE + 2000), { fire: [], nextSlot: minute(1), missed: null });
});

test("a slot's job has the same id on every machine", () => {
  assert.equal(slotJobId('nightly', Date.parse('2027-03-28T00:30:00Z')), 'cron-nightly-20270328T003000Z');
});

test("waits that vary are each job's own", () => {
  assert.deepEqual(ownFields(''), []);
  const retry = JSON.stringify({ intervals: [1000, 1000, 1000], jitter: true });
  const drawn = Array.from({ length: 5 }, () => ownFields(retry));
  for (const [name, json = ''] of drawn) {
    assert.equal(name, 'retry_intervals');
    for (const seconds of JSON.parse(json)) assert.ok(seconds >= 500 && seconds <= 1000);
  }
  assert.ok(new Set(drawn.map(String)).size > 1);
});

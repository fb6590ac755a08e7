import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slotIn } from '../../src/parse/zone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text);

for (const [zone, now, slotMs, from, to] of [
  ['UTC', '2026-05-01T12:34:56.789Z', DAY, '2026-05-01T00:00Z', '2026-05-02T00:00Z'],
  ['UTC', '2026-05-01T12:34:56.789Z', MINUTE, '2026-05-01T12:34Z', '2026-05-01T12:35Z'],
  ['Europe/Berlin', '2026-05-01T21:59:59Z', DAY, '2026-04-30T22:00Z', '2026-05-01T22:00Z'],
  ['Europe/Berlin', '2026-05-01T22:00:00Z', DAY, '2026-05-01T22:00Z', '2026-05-02T22:00Z'],
  // 23 and 25 hours.
  ['Europe/Berlin', '2026-03-29T10:00Z', DAY, '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
  ['Europe/Berlin', '2026-10-24T22:30Z', DAY, '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
  ['Europe/Berlin', '2026-10-25T22:30Z', DAY, '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
  // The hour that exists twice, the one that does not exist.
  ['Europe/Berlin', '2026-10-25T00:30Z', HOUR, '2026-10-25T00:00Z', '2026-10-25T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:30Z', HOUR, '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
  ['Europe/Berlin', '2026-03-29T00:30Z', HOUR, '2026-03-29T00:00Z', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-03-29T01:30Z', HOUR, '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
  ['Europe/Berlin', '2026-10-25T01:30Z', 6 * HOUR, '2026-10-24T22:00Z', '2026-10-25T05:00Z'],
  // Offsets of half an hour; a midnight that is left out; one that exists twice.
  ['Asia/Kolkata', '2026-05-01T12:34Z', HOUR, '2026-05-01T12:30Z', '2026-05-01T13:30Z'],
  ['America/Santiago', '2026-09-06T12:00Z', DAY, '2026-09-06T04:00Z', '2026-09-07T03:00Z'],
  ['America/Havana', '2026-11-01T04:30Z', DAY, '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
  ['America/Havana', '2026-11-01T05:30Z', DAY, '2026-11-01T04:00Z', '2026-11-02T05:00Z'],
] as const) {
  test(`${now} is in the slot of ${slotMs / MINUTE} minutes in ${zone} from ${from} to ${to}`, () => {
    assert.deepEqual(slotIn(zone, at(now), slotMs), { fromMs: at(from), toMs: at(to) });
  });
}

test('every moment is in one slot, and slots leave no gap, also where clocks change', () => {
  for (const zone of ['Europe/Berlin', 'America/Havana', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Beirut']) {
    for (const slotMs of [15 * MINUTE, HOUR, 6 * HOUR, DAY]) {
      let now = at('2026-10-20T00:00Z');
      for (let slots = 0; slots < 200; slots += 1) {
        const slot = slotIn(zone, now, slotMs);
        assert.ok(slot.fromMs <= now && now < slot.toMs, `${zone} ${new Date(now).toISOString()}`);
        assert.deepEqual(slotIn(zone, slot.toMs - 1, slotMs), slot);
        now = slot.toMs;
        assert.equal(slotIn(zone, now, slotMs).fromMs, now);
      }
    }
  }
});

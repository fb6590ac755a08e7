import { type CatchUp, ON_TIME_MS } from './cron-entry.ts';
import { expandRetry, type RetryPlan } from './parse/retry.ts';
import type { Timetable } from './parse/timetable.ts';

/** What is to be done with the slots of an entry that have come. Times are epoch milliseconds. */
export interface SlotPlan {
  /** To be fired now, in their order. */
  readonly fire: readonly number[];
  /** Where the entry goes on; what is left of many is in the past still. Null: there are no more slots. */
  readonly nextSlot: number | null;
  /** The slots that were missed, {@link ON_TIME_MS} late or more: how many (at least), the last one, and how many of them are fired. */
  readonly missed: { readonly count: number; readonly slot: number; readonly fired: number } | null;
}

/** So many slots at the most are fired in one step: it keeps Redis busy for some milliseconds. */
const MOST_AT_ONCE = 250;
/** Missed slots are counted so far. */
const MOST_COUNTED = 1000;

/**
 * Decides about the slots from `nextSlot` (the first that was not fired) until now. Those that are on time are fired, each. Of those that were
 * missed: `all` fires each, in steps; `last` fires the last one if there is none on time, which stands for it; `none` drops them.
 */
export function planSlots(timetable: Timetable, catchUp: CatchUp, nextSlot: number, now: number): SlotPlan {
  const missedUntil = now - ON_TIME_MS;
  const missed = nextSlot > missedUntil ? [] : timetable.between(nextSlot, missedUntil, MOST_COUNTED);
  const lastMissed = missed.length < MOST_COUNTED ? (missed.at(-1) ?? null) : timetable.lastUntil(missedUntil);
  if (catchUp === 'all' && missed.length > 0) {
    const fire = missed.slice(0, MOST_AT_ONCE);
    const last = fire.at(-1) ?? nextSlot;
    return { fire, nextSlot: timetable.nextAfter(last), missed: { count: missed.length, slot: last, fired: fire.length } };
  }
  const onTime = timetable.between(lastMissed === null ? nextSlot : Math.max(nextSlot, lastMissed + 1), now, MOST_AT_ONCE);
  const late = catchUp === 'last' && onTime.length === 0 && lastMissed !== null ? [lastMissed] : [];
  const fire = [...late, ...onTime];
  return {
    fire,
    nextSlot: timetable.nextAfter(fire.at(-1) ?? lastMissed ?? Math.max(nextSlot - 1, now)),
    missed: lastMissed === null ? null : { count: missed.length, slot: lastMissed, fired: late.length },
  };
}

/** The id of the job of a slot: the same whoever fires it. */
export function slotJobId(name: string, slot: number): string {
  return `cron-${name}-${new Date(slot).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** The fields that only this job has: waits before its retries that vary. `retry`: as the entry keeps it. */
export function ownFields(retry: string): string[] {
  if (retry === '') return [];
  const { intervals } = expandRetry(JSON.parse(retry) as RetryPlan);
  return intervals.length > 0 ? ['retry_intervals', JSON.stringify(intervals)] : [];
}

import { ownFields, planSlots, slotJobId } from '../cron-slots.ts';
import { parseTimetable } from '../parse/timetable.ts';
import { type DueEntry, dueCron, fireCron } from '../store/cron/index.ts';
import type { Slot } from './slot.ts';

/**
 * Fires the slots of `rqt cron` that have come. Any number of workers may do so at once: each slot is fired by one of them.
 * Returns false when some entry could not be served by this worker, so that it is not to be tried again at once.
 */
export async function fireDueSlots(slot: Slot): Promise<boolean> {
  for (;;) {
    const { now, entries } = await dueCron(slot.db);
    if (entries.length === 0) return true;
    let served = 0;
    for (const entry of entries) {
      if (await fire(slot, entry, now)) served += 1;
    }
    if (served < entries.length) return false;
  }
}

/** Whether the entry has moved on, by this worker or by another. */
async function fire({ db, options }: Slot, entry: DueEntry, now: number): Promise<boolean> {
  try {
    const timetable = parseTimetable(entry.expression, entry.zone);
    const plan = planSlots(timetable, entry.catchUp, entry.nextSlot, now);
    const slots = plan.fire.map(at => ({ slot: at, id: slotJobId(entry.name, at), more: ownFields(entry.retry) }));
    const fired = await fireCron(db, entry, { ...plan, slots });
    if (!fired) return true;
    for (const jobId of fired.ids) options.log({ event: 'job_cron', queue: fired.queue, jobId, entry: entry.name });
    if (fired.leftOut > 0) {
      const what = fired.leftOut === 1 ? 'a slot is' : `${fired.leftOut} slots are`;
      options.log({ event: 'note', text: `cron ${entry.name}: ${what} left out, job ${fired.inTheWay} is unfinished` });
    }
    if (plan.missed) {
      const { count, fired: made } = plan.missed;
      const text = `cron ${entry.name}: ${count} ${count === 1 ? 'slot was' : 'slots were'} missed, ${made} of them fired late`;
      options.log({ event: 'warning', text });
    }
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const trouble = `${entry.name} ${entry.nextSlot} ${why}`;
    // It is tried again and again, and told once.
    options.log({ event: told.has(trouble) ? 'debug' : 'warning', text: `cron ${entry.name}: its slot cannot be fired: ${why}` });
    if (told.size < MOST_TOLD) told.add(trouble);
    return false;
  }
}

const told = new Set<string>();
const MOST_TOLD = 1000;

import { maintain } from '../store/index.ts';
import type { Companion, Slot } from './slot.ts';

/** Others may schedule something at any time: how often to look when nothing is known to be due earlier. */
const LOOK_MS = 5000;
export const SHORTEST_WAIT_MS = 20;

/** Looks at once what is due. */
export interface Scheduler extends Companion {
  look(): void;
}

/**
 * Enqueues scheduled jobs when they are due and fires the slots of `rqt cron` (unless this worker leaves both to others), cancels jobs that
 * waited too long, releases children. Any number of workers may do so at once.
 */
export function startScheduler(slot: Slot): Scheduler {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let looking = false;
  let again = false;
  const tick = async () => {
    clearTimeout(timer);
    again = looking;
    if (looking) return;
    looking = true;
    const { nextDueInMs, nextSlotInMs } = await runDue(slot);
    looking = false;
    if (stopped) return;
    const waitMs = again ? 0 : Math.min(nextDueInMs ?? LOOK_MS, nextSlotInMs ?? LOOK_MS);
    timer = setTimeout(() => void tick(), Math.min(LOOK_MS, Math.max(SHORTEST_WAIT_MS, waitMs)));
  };
  timer = setTimeout(() => void tick(), LOOK_MS);
  return {
    look: () => void (stopped || tick()),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** In how many milliseconds the next scheduled job is due, and the next slot of `rqt cron`; null: there is none. */
export interface Coming {
  readonly nextDueInMs: number | null;
  readonly nextSlotInMs: number | null;
}

/** Does all that is due now. */
export async function runDue(slot: Slot): Promise<Coming> {
  const { db, options } = slot;
  try {
    const queues = options.schedules ? options.queues : [];
    let canFire = options.schedules;
    for (;;) {
      const { more, expired, nextDueInMs, nextSlotInMs } = await maintain(db, queues);
      if (expired > 0) options.log({ event: 'note', text: expiredText(expired) });
      if (canFire && nextSlotInMs === 0) {
        // Loaded when there is something to fire: most workers never meet an entry.
        const { fireDueSlots } = await import('./cron.ts');
        canFire = await fireDueSlots(slot);
      } else if (!more) return { nextDueInMs, nextSlotInMs: canFire ? nextSlotInMs : null };
    }
  } catch (error) {
    options.log({ event: 'debug', text: `schedule: ${String(error)}` });
    return { nextDueInMs: null, nextSlotInMs: null };
  }
}

function expiredText(count: number): string {
  return `${count === 1 ? '1 job was' : `${count} jobs were`} canceled: waited longer than ${count === 1 ? 'its' : 'their'} ttl`;
}

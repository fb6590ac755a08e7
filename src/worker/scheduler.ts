import { maintain } from '../store/index.ts';
import type { Companion, Slot } from './slot.ts';

/** Others may schedule something at any time: how often to look when nothing is known to be due earlier. */
const LOOK_MS = 5000;
export const SHORTEST_WAIT_MS = 20;

/** Enqueues scheduled jobs when they are due (unless this worker leaves them to others), cancels those that waited too long, releases children. Any number of workers may do so at once. */
export function startScheduler(slot: Slot): Companion {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const tick = async () => {
    const nextDueInMs = await runDue(slot);
    if (stopped) return;
    timer = setTimeout(() => void tick(), Math.min(LOOK_MS, Math.max(SHORTEST_WAIT_MS, nextDueInMs ?? LOOK_MS)));
  };
  timer = setTimeout(() => void tick(), LOOK_MS);
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Does all that is due now; returns in how many milliseconds the next scheduled job is due, or null. */
export async function runDue({ db, options }: Slot): Promise<number | null> {
  try {
    const queues = options.schedules ? options.queues : [];
    for (;;) {
      const { more, nextDueInMs } = await maintain(db, queues);
      if (!more) return nextDueInMs;
    }
  } catch (error) {
    options.log({ event: 'debug', text: `schedule: ${String(error)}` });
    return null;
  }
}

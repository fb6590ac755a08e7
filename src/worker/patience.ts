import { setTimeout as sleep } from 'node:timers/promises';
import type { Slot } from './slot.ts';

/** Answers of a Redis that cannot do it now but may soon: it loads, is a replica, is out of memory or disk, has a new password. */
const PASSING =
  /^(LOADING|READONLY|OOM|MISCONF|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM)\b|Connection is closed|Stream isn't writeable|Command timed out/;
const LONGEST_PAUSE_MS = 5000;

/**
 * Does something that must happen, however long Redis takes: tries again with growing pauses, and tells once. What is done must be safe to
 * do twice: the scripts that change a job's state are. Only a worker that is abandoned gives up.
 */
export async function untilDone<T>(
  slot: Pick<Slot, 'abandoned'>,
  work: () => Promise<T>,
  onTrouble: (reason: string) => void,
): Promise<T> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (slot.abandoned || !(error instanceof Error) || !PASSING.test(error.message)) throw error;
      if (pauseMs === 50) onTrouble(error.message);
      await sleep(pauseMs * (0.75 + Math.random() / 2));
    }
  }
}

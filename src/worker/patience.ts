import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing, reasonOf } from '../store/index.ts';
import type { Slot } from './slot.ts';

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
      if (slot.abandoned || !isPassing(error)) throw error;
      if (pauseMs === 50) onTrouble(reasonOf(error));
      await sleep(pauseMs * (0.75 + Math.random() / 2));
    }
  }
}

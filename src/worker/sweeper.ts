import { sweep } from '../store/index.ts';
import type { Companion, Slot } from './slot.ts';

/** Puts back the jobs of dead workers, twice a lease. */
export function startSweeper(slot: Slot): Companion {
  const timer = setInterval(() => void sweepQueues(slot), slot.options.leaseMs / 2);
  return { stop: () => clearInterval(timer) };
}

/**
 * Sweeps every queue of the worker. Not within a lease of a lost connection's return: the others come back too, and are to renew
 * their leases first. Returns how many jobs were given up for good.
 */
export async function sweepQueues(slot: Slot): Promise<number> {
  const { db, options } = slot;
  if (Date.now() - slot.connectedAt < options.leaseMs) return 0;
  let givenUp = 0;
  for (const queue of options.queues) {
    try {
      for (const { id, fate } of await sweep(db, queue)) {
        if (fate === 'queued') options.log({ event: 'job_put_back', queue, jobId: id, reason: 'its worker died' });
        else if (fate === 'stopped') options.log({ event: 'job_stopped', queue, jobId: id });
        else {
          givenUp += 1;
          options.log({ event: 'job_failed', queue, jobId: id, reason: 'its worker died too often', trace: '', durationMs: 0 });
        }
      }
    } catch (error) {
      options.log({ event: 'debug', text: `sweep of ${queue}: ${String(error)}` });
    }
  }
  return givenUp;
}

import { hostname } from 'node:os';
import { bury, forget, neighbours, type Swept, sweep } from '../store/index.ts';
import { isGone, ownProcess } from './own-process.ts';
import type { Companion, Slot } from './slot.ts';

/** Puts back the jobs of dead workers, twice a lease, and forgets what the registries need not know any more. */
export function startSweeper(slot: Slot): Companion {
  const timer = setInterval(() => void sweepAll(slot), slot.options.sweepEveryMs);
  return { stop: () => clearInterval(timer) };
}

/** Sweeps after this machine's dead workers and every queue of the worker. Returns how many jobs of its queues were given up for good. */
export async function sweepAll(slot: Slot): Promise<number> {
  const givenUp = (await buryNeighbours(slot)) + (await sweepQueues(slot));
  await forgetAll(slot);
  return givenUp;
}

async function forgetAll({ db, options }: Slot): Promise<void> {
  try {
    for (const queue of options.queues) await forget(db, queue);
  } catch (error) {
    options.log({ event: 'debug', text: `retention: ${String(error)}` });
  }
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
      for (const swept of await sweep(db, queue)) {
        tell(slot, queue, swept);
        if (swept.fate === 'failed') givenUp += 1;
      }
    } catch (error) {
      options.log({ event: 'debug', text: `sweep of ${queue}: ${String(error)}` });
    }
  }
  return givenUp;
}

/** Unregisters the workers of this machine whose process is certainly gone: no lease needs to lapse before their jobs run again. */
export async function buryNeighbours({ db, options }: Pick<Slot, 'db' | 'options'>): Promise<number> {
  const own = ownProcess();
  if (!own) return 0;
  let givenUp = 0;
  try {
    for (const neighbour of await neighbours(db, own.machine, hostname())) {
      const found = isGone(neighbour.process) ? await bury(db, neighbour) : null;
      if (!found) continue;
      tell({ options }, found.queue, found);
      if (found.fate === 'failed' && options.queues.includes(found.queue)) givenUp += 1;
    }
  } catch (error) {
    options.log({ event: 'debug', text: `dead workers: ${String(error)}` });
  }
  return givenUp;
}

function tell({ options: { log } }: Pick<Slot, 'options'>, queue: string, { id, fate }: Swept): void {
  if (fate === 'queued') log({ event: 'job_put_back', queue, jobId: id, reason: 'its worker died' });
  else if (fate === 'stopped') log({ event: 'job_stopped', queue, jobId: id });
  else log({ event: 'job_failed', queue, jobId: id, reason: 'its worker died too often', trace: '', durationMs: 0 });
}

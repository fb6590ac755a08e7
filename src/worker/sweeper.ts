import { hostname } from 'node:os';
import { bury, dropLostRuns, forget, LAST_CALL_MS, neighbours, type Swept, sweep } from '../store/index.ts';
import { DIED_TOO_OFTEN, givenUp } from './ended.ts';
import { isGone, ownProcess } from './own-process.ts';
import type { Shift } from './shift.ts';
import type { Companion, Slot } from './slot.ts';

/** A job of the worker's queues that is not tried again: its workers died too often. */
export interface GivenUp {
  readonly id: string;
  readonly queue: string;
}

/** Puts back the jobs of dead workers, twice a lease, and forgets what the registries need not know any more. */
export function startSweeper(slot: Slot, shift: Shift): Companion {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const sweepLater = () => {
    if (stopped) return;
    const inMs = Math.min(slot.options.sweepEveryMs, overdueInMs(slot) || slot.options.sweepEveryMs);
    timer = setTimeout(() => void sweepAll(slot, shift).then(sweepLater), inMs);
  };
  sweepLater();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** After that a lease that is waited for has lapsed again, or was renewed: Redis counts in whole seconds. */
const LOOK_AGAIN_MS = LAST_CALL_MS + 1000;

/** Some worker may be dead: in how many milliseconds that is known; null when nobody is overdue. */
export function overdueInMs({ overdueUntil }: Slot): number | null {
  return overdueUntil === null ? null : Math.max(0, overdueUntil - performance.now());
}

/** Sweeps after this machine's dead workers and every queue of the worker. */
export async function sweepAll(slot: Slot, shift: Shift): Promise<void> {
  const jobs = [...(await buryNeighbours(slot)), ...(await sweepQueues(slot))];
  for (const job of jobs) shift.gaveUp(givenUp(slot, job));
  await forgetAll(slot);
}

async function forgetAll({ db, options }: Slot): Promise<void> {
  try {
    for (const queue of options.queues) await forget(db, queue);
    await dropLostRuns(db);
  } catch (error) {
    options.log({ event: 'debug', text: `retention: ${String(error)}` });
  }
}

/**
 * Sweeps every queue of the worker. Not within a lease of a lost connection's return: the others come back too, and are to renew
 * their leases first. Returns the jobs that were given up for good.
 */
export async function sweepQueues(slot: Slot): Promise<GivenUp[]> {
  const { db, options } = slot;
  if (overdueInMs(slot) === 0) slot.overdueUntil = null;
  if (performance.now() - slot.connection.connectedAt < options.leaseMs) return [];
  const given: GivenUp[] = [];
  for (const queue of options.queues) {
    try {
      const { swept, overdue } = await sweep(db, queue);
      if (overdue > 0) slot.overdueUntil = performance.now() + LOOK_AGAIN_MS;
      for (const one of swept) {
        tell(slot, queue, one);
        if (one.fate === 'failed') given.push({ id: one.id, queue });
      }
    } catch (error) {
      options.log({ event: 'debug', text: `sweep of ${queue}: ${String(error)}` });
    }
  }
  return given;
}

/** Unregisters the workers of this machine whose process is certainly gone: no lease needs to lapse before their jobs run again. */
export async function buryNeighbours({ db, options }: Pick<Slot, 'db' | 'options'>): Promise<GivenUp[]> {
  const own = ownProcess();
  if (!own) return [];
  const given: GivenUp[] = [];
  try {
    for (const neighbour of await neighbours(db, own.machine, hostname())) {
      const found = isGone(neighbour.process) ? await bury(db, neighbour) : null;
      if (!found) continue;
      tell({ options }, found.queue, found);
      if (found.fate === 'failed' && options.queues.includes(found.queue)) given.push({ id: found.id, queue: found.queue });
    }
  } catch (error) {
    options.log({ event: 'debug', text: `dead workers: ${String(error)}` });
  }
  return given;
}

function tell({ options: { log } }: Pick<Slot, 'options'>, queue: string, { id, fate }: Swept): void {
  if (fate === 'queued') log({ event: 'job_put_back', queue, jobId: id, reason: 'its worker died' });
  else if (fate === 'stopped') log({ event: 'job_stopped', queue, jobId: id });
  else log({ event: 'job_failed', queue, jobId: id, reason: DIED_TOO_OFTEN, trace: '', durationMs: 0 });
}

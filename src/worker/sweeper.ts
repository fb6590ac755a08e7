import { bury, dropLostRuns, forget, LAST_CALL_MS, type Swept, sweep } from '../store/index.ts';
import { endedForDead, reasonOfEnd } from './ended.ts';
import { lostNeighbours } from './lost-neighbours.ts';
import type { WorkerOptions } from './options.ts';
import type { Shift } from './shift.ts';
import type { Companion, Slot } from './slot.ts';

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
  await sweepNeighbours(slot, shift);
  await sweepQueues(slot, shift);
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
 * their leases first.
 */
export async function sweepQueues(slot: Slot, shift: Shift): Promise<void> {
  const { db, options } = slot;
  if (overdueInMs(slot) === 0) slot.overdueUntil = null;
  if (performance.now() - slot.connection.connectedAt < options.leaseMs) return;
  for (const queue of options.queues) {
    try {
      const { swept, overdue, dueCallbacks } = await sweep(db, queue);
      if (overdue > 0) slot.overdueUntil = performance.now() + LOOK_AGAIN_MS;
      if (dueCallbacks > 0) noteDueCallbacks(slot);
      for (const one of swept) {
        tell(options, one);
        if (one.fate !== 'queued') shift.endedForDead(endedForDead(one));
      }
    } catch (error) {
      options.log({ event: 'debug', text: `sweep of ${queue}: ${String(error)}` });
    }
  }
}

/** Sweeps after the workers of this machine whose process is certainly gone. */
export async function sweepNeighbours(slot: Slot, shift: Shift): Promise<void> {
  for (const one of await buryNeighbours(slot)) {
    if (one.fate === 'queued' || !slot.options.queues.includes(one.queue)) continue;
    noteDueCallbacks(slot);
    shift.endedForDead(endedForDead(one));
  }
}

/** Unregisters the workers of this machine whose process is certainly gone: no lease needs to lapse before their jobs run again. Returns those jobs. */
export async function buryNeighbours({ db, options }: Pick<Slot, 'db' | 'options'>): Promise<Swept[]> {
  const found: Swept[] = [];
  try {
    for (const neighbour of await lostNeighbours(db)) {
      const swept = await bury(db, neighbour);
      if (!swept) continue;
      tell(options, swept);
      found.push(swept);
    }
  } catch (error) {
    options.log({ event: 'debug', text: `dead workers: ${String(error)}` });
  }
  return found;
}

/** The loop runs them before it takes another job. */
export function noteDueCallbacks(slot: Slot): void {
  if (slot.hasDueCallbacks) return;
  slot.hasDueCallbacks = true;
  slot.doorbell.ring();
}

function tell({ log }: Pick<WorkerOptions, 'log'>, swept: Swept): void {
  const { id: jobId, queue, fate } = swept;
  if (fate === 'queued') log({ event: 'job_put_back', queue, jobId, reason: 'its worker died' });
  else if (fate === 'stopped') log({ event: 'job_stopped', queue, jobId });
  else if (fate === 'failed') log({ event: 'job_failed', queue, jobId, reason: reasonOfEnd(swept), trace: '', durationMs: 0 });
  else log({ event: 'note', text: `${queue}: Job OK (${jobId}): ${reasonOfEnd(swept)}` });
}

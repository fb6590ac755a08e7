import { failpoint } from '../failpoint.ts';
import { type CallbackEnd, type ClaimRequest, type DueCallback, endCallback, takeCallback } from '../store/index.ts';
import { type Called, call, errorOf } from './callbacks.ts';
import { Capture } from './capture.ts';
import { untilDone } from './patience.ts';
import type { Shift } from './shift.ts';
import type { Slot } from './slot.ts';

/**
 * Runs the callbacks of jobs of the worker's queues that have ended without their worker: it died, or was stopped at once, and there was
 * nobody to run them. As many as there are, one at a time, until the worker is asked to stop. Returns false when no executor could be started.
 */
export async function runDueCallbacks(slot: Slot, shift: Shift, newRequest: () => ClaimRequest): Promise<boolean> {
  while (slot.hasDueCallbacks && slot.asked === 'nothing') {
    const request = newRequest();
    const due = await untilDone(
      slot,
      () => takeCallback(slot.db, request),
      reason =>
        slot.options.log({ event: 'warning', text: `callbacks that are due cannot be taken now, trying again: ${reason}` }),
    );
    if (due && (await runOne(slot, shift, due))) continue;
    // Whoever sweeps next finds what is due then.
    slot.hasDueCallbacks = false;
    return due === null;
  }
  return true;
}

/** Returns false when no executor could be started for it. */
async function runOne(slot: Slot, shift: Shift, { job, on, error }: DueCallback): Promise<boolean> {
  const { db, entry, options } = slot;
  const callback = job.callbacks[on];
  const capture = new Capture();
  shift.hold(slot);
  try {
    let called: Called | null = null;
    if (callback) {
      options.log({
        event: 'note',
        text: `${job.queue}: running the on-${on} callback ${callback.task} of a job whose worker was gone (${job.id})`,
      });
      if (__FAILPOINTS__) failpoint('dueCallback.taken');
      const argument = on === 'failure' ? [errorOf({ reason: error, trace: '' })] : [];
      called = await call(slot, job, { on, callback, argument }, capture);
    }
    const end = await endOf(called, capture);
    await untilDone(
      slot,
      () => endCallback(db, entry.name, job, end),
      reason =>
        options.log({ event: 'warning', text: `the end of a callback of ${job.id} cannot be kept yet, trying again: ${reason}` }),
    );
    return called?.outcome !== null;
  } finally {
    shift.release(slot);
  }
}

/** Cut short by its worker's own end, or not begun at all, it is still due. */
async function endOf(called: Called | null, capture: Capture): Promise<CallbackEnd> {
  const outcome = called?.outcome;
  const again = outcome === null || (outcome?.kind === 'stopped' && outcome.by === 'cold');
  return { kind: again ? 'again' : 'ran', error: called?.error ?? null, output: await capture.takeRest() };
}

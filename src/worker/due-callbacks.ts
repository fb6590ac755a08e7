import type { Failure } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import { splitError } from '../parse/error-text.ts';
import { type ClaimRequest, type DueCallback, endCallback, takeCallback } from '../store/index.ts';
import { type Called, call, errorArgument, resultArgument, tellFailed } from './callbacks.ts';
import { Capture } from './capture.ts';
import { untilDone } from './patience.ts';
import type { Shift } from './shift.ts';
import type { Slot } from './slot.ts';

/**
 * Runs the callbacks of jobs of the worker's queues that have ended while there was nobody to run them: their worker died, or was stopped at
 * once. As many as there are, one at a time, until the worker is asked to stop. Returns false when no executor could be started.
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
    if (due?.kind === 'given-up') tellFailed(slot, due, due.why);
    else if (!due || !(await runOne(slot, shift, due))) {
      // Whoever sweeps next finds what is due then.
      slot.hasDueCallbacks = false;
      return due === null;
    }
  }
  return true;
}

/** Returns false when no executor could be started for it. */
async function runOne(slot: Slot, shift: Shift, due: DueCallback): Promise<boolean> {
  const { db, entry, options } = slot;
  const { job } = due;
  const capture = new Capture();
  shift.hold(slot);
  try {
    const called = await callDue(slot, due, capture);
    const error = called?.kind === 'ran' ? called.error : null;
    if (error !== null) tellFailed(slot, job, error);
    const end = { kind: called?.kind === 'cut short' ? 'again' : 'ran', error, output: await capture.takeRest() } as const;
    await untilDone(
      slot,
      () => endCallback(db, entry.name, job, end),
      reason =>
        options.log({ event: 'warning', text: `the end of a callback of ${job.id} cannot be kept yet, trying again: ${reason}` }),
    );
    return called?.kind !== 'cut short' || called.hadExecutor;
  } finally {
    shift.release(slot);
  }
}

/** null: there is nothing to call any more. */
async function callDue(slot: Slot, { job, on, error, resultJson }: DueCallback, capture: Capture): Promise<Called | null> {
  const callback = job.callbacks[on];
  if (!callback) return null;
  const text = `${job.queue}: running the on-${on} callback ${callback.task} of a job whose worker was gone (${job.id})`;
  slot.options.log({ event: 'note', text });
  if (__FAILPOINTS__) failpoint('dueCallback.taken');
  const argument = { success: resultArgument(resultJson), failure: errorArgument(failureOf(error)), stopped: [] }[on];
  return call(slot, job, { on, callback, argument }, capture);
}

/** What was kept of a failure, as it was told to a callback that runs at once: with the reason in the trace. */
function failureOf(error: string): Failure {
  const { reason, trace } = splitError(error);
  return { reason, trace: trace === '' ? '' : error };
}

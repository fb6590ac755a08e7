import type { JobCall, Outcome } from '../executor/index.ts';
import type { ClaimedJob } from '../store/index.ts';
import type { Capture } from './capture.ts';
import type { Slot } from './slot.ts';

/** Runs a call in an executor on behalf of a job, which the companions see as running meanwhile. Rejects with `ForkError` only. */
export async function runInExecutor(slot: Slot, job: ClaimedJob, call: JobCall, capture: Capture): Promise<Outcome> {
  const executor = slot.pool.run(call);
  slot.running = { job, executor, capture };
  if (slot.asked === 'cold' && !slot.options.stopsAtOnce) executor.stop('cold');
  try {
    return await executor.outcome;
  } finally {
    slot.running = null;
  }
}

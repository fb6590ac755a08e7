import { coming, redisNow } from '../store/index.ts';
import type { Shift } from './shift.ts';
import type { Slot } from './slot.ts';

/** How often a burst that waits looks whether something has come: jobs of other workers end without a sign on its queues. */
const LOOK_AGAIN_MS = 500;

/** Whether a burst that has found its queues empty is done, has waited long enough, or has something to wait for. */
export type Left = { readonly kind: 'done' | 'unsettled' } | { readonly kind: 'something'; readonly lookAgainMs: number };

/** With `--settle`: looks for due retries, dependents, and jobs that are scheduled within the time. */
export async function leftToCome({ db, options }: Slot, shift: Shift): Promise<Left> {
  if (options.settleForMs === null) return { kind: 'done' };
  const leftMs = Math.ceil(shift.beganAt + options.settleForMs - performance.now());
  const { running, scheduled, scheduledLater, deferred } = await coming(
    db,
    options.queues,
    (await redisNow(db)) + Math.max(0, leftMs),
  );
  if (running === 0 && scheduled === 0 && !deferred) {
    // A job that failed here is not settled while it waits for a retry that is due after the time.
    return { kind: scheduledLater > 0 && shift.tally.waiting > 0 ? 'unsettled' : 'done' };
  }
  return leftMs <= 0 ? { kind: 'unsettled' } : { kind: 'something', lookAgainMs: Math.min(LOOK_AGAIN_MS, leftMs) };
}

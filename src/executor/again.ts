import { askedWaitMs } from '../parse/asked-retry.ts';
import type { Again } from './protocol.ts';

const RETRY = Symbol.for('rqt.retry');
const FAIL = Symbol.for('rqt.fail');

/** Whether this is a `Fail` or a `Retry` of rqt/task. To return one is as good as to throw it: RQ's tasks return theirs. */
export function isWish(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return FAIL in value || RETRY in value;
  } catch {
    return false;
  }
}

/** What something thrown says of trying again; null when it is neither `Fail` nor `Retry` of rqt/task, whichever copy of that was loaded. */
export function wishOf(thrown: unknown): Again | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  try {
    if (FAIL in thrown) return { kind: 'never' };
    if (!(RETRY in thrown)) return null;
    const { in: wait, max } = thrown as { in?: unknown; max?: unknown };
    return { kind: 'in', inMs: askedWaitMs(wait), max: typeof max === 'number' ? max : null };
  } catch {
    // A wait that is none, from a copy that does not check it: the job has failed, and its own retries apply.
    return null;
  }
}

import { type Failure, ForkError, type Outcome } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import { readJson } from '../parse/exact-json.ts';
import { type Callback, type CallbackName, type ClaimedJob, note, outcomeNote, type Settlement } from '../store/index.ts';
import type { Capture } from './capture.ts';
import { runInExecutor } from './execute.ts';
import { untilDone } from './patience.ts';
import type { Slot } from './slot.ts';

/**
 * Runs the callback that a job's end asks for, in an executor, with the job and its result or error as arguments. How the task ended is kept
 * first, so that it stands whatever becomes of this worker meanwhile. A callback that fails is told and noted on the job, and changes nothing
 * else. A failure that will be retried has no callback yet. Returns which one was cut short and is to be left to another worker, or null.
 */
export async function runCallback(slot: Slot, { job, outcome, settlement, capture, warn }: Ended): Promise<CallbackName | null> {
  const due = callbackFor(job, outcome);
  if (!due) return null;
  const left = await outcomeNote(settlement);
  const isOurs = await untilDone(slot, () => note(slot.db, job, { rqt_outcome: left }), warn);
  if (!isOurs) return null;
  // Without Redis it would still end so.
  slot.unkept = null;
  const called = await call(slot, job, due, capture);
  if (called.kind === 'cut short') return due.on;
  if (called.error !== null) await noteError(slot, job, called.error);
  return null;
}

/** A job whose task has ended. `warn`: tells that its end cannot be kept yet, and why. */
interface Ended {
  readonly job: ClaimedJob;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly capture: Capture;
  readonly warn: (reason: string) => void;
}

async function noteError(slot: Slot, job: ClaimedJob, error: string): Promise<void> {
  tellFailed(slot, job, error);
  await untilDone(
    slot,
    () => note(slot.db, job, { rqt_callback_error: error }),
    () => {},
  );
}

/** Tells the log of a callback that failed. */
export function tellFailed({ options }: Slot, { queue, id }: Pick<ClaimedJob, 'queue' | 'id'>, error: string): void {
  options.log({ event: 'warning', text: `${queue}: ${error} (${id})` });
}

/** A callback and what it is called with, behind the job. */
export interface Due {
  readonly on: CallbackName;
  readonly callback: Callback;
  readonly argument: readonly unknown[];
}

/** How a callback ended. `error` is null when it did its work. Cut short: by its worker's own end, or there was no executor for it. */
export type Called =
  | { readonly kind: 'ran'; readonly error: string | null }
  | { readonly kind: 'cut short'; readonly hadExecutor: boolean };

/** Calls a callback. */
export async function call(slot: Slot, job: ClaimedJob, due: Due, capture: Capture): Promise<Called> {
  if (__FAILPOINTS__) failpoint('callback.before');
  const outcome = await outcomeOf(slot, job, due, capture);
  if (__FAILPOINTS__) failpoint('callback.after');
  if (outcome === null) return { kind: 'cut short', hadExecutor: false };
  if (outcome.kind === 'finished') return { kind: 'ran', error: null };
  if (outcome.kind === 'stopped' && (outcome.by === 'cold' || outcome.by === 'lost'))
    return { kind: 'cut short', hadExecutor: true };
  const reason = outcome.kind === 'failed' ? outcome.failure.reason : 'it was stopped';
  return { kind: 'ran', error: `the on-${due.on} callback ${due.callback.task} failed: ${reason}` };
}

async function outcomeOf(slot: Slot, job: ClaimedJob, { callback, argument }: Due, capture: Capture): Promise<Outcome | null> {
  const { id, execution, queue, attempt, metaJson } = job;
  const context = { jobId: id, executionId: execution, queue, attempt, metaJson: metaJson ?? '' };
  const { task, timeoutMs } = callback;
  try {
    return await runInExecutor(
      slot,
      job,
      { ...context, task, timeoutMs, args: [documentOf(job), ...argument], kwargs: {} },
      capture,
    );
  } catch (error) {
    if (error instanceof ForkError) return null;
    throw error;
  }
}

function callbackFor(job: ClaimedJob, outcome: Outcome): Due | null {
  const { success, failure, stopped } = job.callbacks;
  switch (outcome.kind) {
    case 'finished':
      return success && { on: 'success', callback: success, argument: resultArgument(outcome.resultJson) };
    case 'failed':
      return failure && !willBeRetried(job, outcome)
        ? { on: 'failure', callback: failure, argument: errorArgument(outcome.failure) }
        : null;
    case 'stopped':
      return stopped && outcome.by === 'stop' ? { on: 'stopped', callback: stopped, argument: [] } : null;
  }
}

function willBeRetried(job: ClaimedJob, { again }: Extract<Outcome, { kind: 'failed' }>): boolean {
  if (again) return again.kind === 'in' && (again.max === null || job.askedRetries < again.max);
  return job.retriesLeft > 0;
}

/** A result as callbacks are told of it. */
export function resultArgument(json: string | null): readonly unknown[] {
  return [json === null ? null : readJson(json)];
}

/** A failure as callbacks are told of it. */
export function errorArgument({ reason, trace }: Failure): readonly [{ message: string; trace: string }] {
  return [{ message: reason, trace }];
}

/** What a callback is told of its job. */
function documentOf({ id, queue, attempt, call, description, metaJson }: ClaimedJob): Record<string, unknown> {
  return {
    id,
    queue,
    attempt,
    description,
    task: call?.task ?? null,
    args: call?.args ?? [],
    kwargs: call?.kwargs ?? {},
    meta: parsed(metaJson ?? ''),
  };
}

function parsed(json: string): unknown {
  try {
    return readJson(json === '' ? '{}' : json);
  } catch {
    return {};
  }
}

import { type Failure, ForkError, type Outcome } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import { readJson } from '../parse/exact-json.ts';
import { type Callback, type CallbackName, type ClaimedJob, note } from '../store/index.ts';
import type { Capture } from './capture.ts';
import { runInExecutor } from './execute.ts';
import { untilDone } from './patience.ts';
import type { Slot } from './slot.ts';

/**
 * Runs the callback that a job's end asks for, in an executor, with the job and its result or error as arguments. One that fails is told
 * and noted on the job, and changes nothing else. A failure that will be retried has no callback yet.
 */
export async function runCallback(slot: Slot, job: ClaimedJob, outcome: Outcome, capture: Capture): Promise<void> {
  const due = callbackFor(job, outcome);
  if (!due) return;
  const { error } = await call(slot, job, due, capture);
  if (error === null) return;
  await untilDone(
    slot,
    () => note(slot.db, job, { rqt_callback_error: error }),
    () => {},
  );
}

/** A callback and what it is called with, behind the job. */
export interface Due {
  readonly on: CallbackName;
  readonly callback: Callback;
  readonly argument: readonly unknown[];
}

/** How a callback ended. `outcome` is null when no executor could be started for it, `error` when it did its work. */
export interface Called {
  readonly outcome: Outcome | null;
  readonly error: string | null;
}

/** Calls a callback, and tells the log when it fails. */
export async function call(slot: Slot, job: ClaimedJob, due: Due, capture: Capture): Promise<Called> {
  if (__FAILPOINTS__) failpoint('callback.before');
  const outcome = await outcomeOf(slot, job, due, capture);
  if (__FAILPOINTS__) failpoint('callback.after');
  if (outcome?.kind === 'finished') return { outcome, error: null };
  const reason =
    outcome === null ? 'no executor could be started' : outcome.kind === 'failed' ? outcome.failure.reason : 'it was stopped';
  const error = `the on-${due.on} callback ${due.callback.task} failed: ${reason}`;
  slot.options.log({ event: 'warning', text: `${job.queue}: ${error} (${job.id})` });
  return { outcome, error };
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
      return (
        success && {
          on: 'success',
          callback: success,
          argument: [outcome.resultJson === null ? null : readJson(outcome.resultJson)],
        }
      );
    case 'failed':
      return failure && !willBeRetried(job, outcome)
        ? { on: 'failure', callback: failure, argument: [errorOf(outcome.failure)] }
        : null;
    case 'stopped':
      return stopped && outcome.by === 'stop' ? { on: 'stopped', callback: stopped, argument: [] } : null;
  }
}

function willBeRetried(job: ClaimedJob, { again }: Extract<Outcome, { kind: 'failed' }>): boolean {
  if (again) return again.kind === 'in' && (again.max === null || job.askedRetries < again.max);
  return job.retriesLeft > 0;
}

/** A failure as callbacks are told of it. */
export function errorOf({ reason, trace }: Failure): { message: string; trace: string } {
  return { message: reason, trace };
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

import type { Failure, Outcome } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import { readJson } from '../parse/exact-json.ts';
import { type Callback, type ClaimedJob, note } from '../store/index.ts';
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
  const { callback, on, argument } = due;
  const call = {
    ...{ jobId: job.id, executionId: job.execution, queue: job.queue, attempt: job.attempt, metaJson: job.metaJson ?? '' },
    ...{ task: callback.task, kwargs: {}, timeoutMs: callback.timeoutMs },
    args: [documentOf(job), ...argument],
  };
  if (__FAILPOINTS__) failpoint('callback.before');
  const end = await runInExecutor(slot, job, call, capture);
  if (__FAILPOINTS__) failpoint('callback.after');
  if (end.kind === 'finished') return;
  const reason = end.kind === 'failed' ? end.failure.reason : 'it was stopped';
  const text = `the on-${on} callback ${callback.task} failed: ${reason}`;
  slot.options.log({ event: 'warning', text: `${job.queue}: ${text} (${job.id})` });
  await untilDone(
    slot,
    () => note(slot.db, job, { rqt_callback_error: text }),
    () => {},
  );
}

interface Due {
  readonly on: 'success' | 'failure' | 'stopped';
  readonly callback: Callback;
  readonly argument: readonly unknown[];
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

function errorOf({ reason, trace }: Failure): { message: string; trace: string } {
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

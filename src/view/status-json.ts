import type { Attempt, Ended, Interruption, JobDetails } from '../model.ts';
import { readJson } from '../parse/exact-json.ts';
import { findJsonFlaw } from '../parse/json.ts';
import { stateName } from './state.ts';
import { isoTime, toSeconds } from './time.ts';

/**
 * `rqt status --json`: a plain object, version 1, every key always there. Times are ISO 8601 in UTC, durations seconds,
 * and what does not exist is null. `position` is the number of jobs ahead of it, as in RQ. `result` is the value of the last attempt, its integers exact; `result_text` its JSON as it was
 * kept, for readers that would change those, and for Python's NaN (which is the text "NaN" in `result`).
 */
export function statusDocument(job: JobDetails) {
  const { life } = job;
  const ended = endedOf(job);
  return {
    version: 1,
    kind: 'job',
    id: job.id,
    state: stateName(life),
    queue: job.queue,
    position: life.state === 'queued' ? life.position : null,
    description: job.description,
    task: job.call?.task ?? null,
    args: job.call?.args ?? null,
    kwargs: job.call?.kwargs ?? null,
    opaque: job.opaque,
    created_at: isoTime(job.createdAt),
    enqueued_at: isoTime(job.enqueuedAt),
    due_at: life.state === 'scheduled' ? isoTime(life.dueAt) : null,
    waits_for: life.state === 'deferred' ? life.waitsFor : null,
    started_at: isoTime(ended.startedAt),
    ended_at: isoTime(ended.endedAt),
    lease_until: life.state === 'started' ? isoTime(life.leaseUntil) : null,
    canceled_at: life.state === 'canceled' ? isoTime(life.canceledAt) : null,
    cancel_reason: life.state === 'canceled' ? life.reason : null,
    duration_seconds:
      life.state === 'started' ? secondsBetween(life.startedAt, job.readAt) : secondsBetween(ended.startedAt, ended.endedAt),
    worker: ended.worker,
    attempt_count: job.attemptCount,
    crashes: job.crashes,
    attempts: job.attempts.map(attemptOf),
    interruptions: job.interruptions.map(interruptionOf),
    ...resultOf(life.state === 'finished' ? job.attempts.at(-1) : undefined),
    result_absent: job.resultAbsent,
    callback_error: job.callbackError,
    callback_due: job.callbackDue?.on ?? null,
    progress: job.progress?.fraction ?? null,
    progress_note: job.progress?.note ?? null,
    meta: job.metaJson === null ? null : parsed(job.metaJson),
    group: job.group,
    depends_on: job.parents,
    retries_left: job.retriesLeft,
    repeats_left: job.repeatsLeft,
    error: life.state === 'failed' || life.state === 'stopped' ? (job.attempts.at(-1)?.error ?? null) : null,
    stdout: job.stdout.text,
    stdout_cut_bytes: job.stdout.cutBytes,
    stderr: job.stderr.text,
    stderr_cut_bytes: job.stderr.cutBytes,
    timeout_seconds: toSeconds(job.limits.timeoutMs),
    result_ttl_seconds: toSeconds(job.limits.resultTtlMs),
    failure_ttl_seconds: toSeconds(job.limits.failureTtlMs),
    ttl_seconds: toSeconds(job.limits.ttlMs),
    expires_at: isoTime(job.expiresAt),
    forgotten_in_seconds: toSeconds(job.forgottenInMs),
    read_at: isoTime(job.readAt),
  } as const;
}

function endedOf({ life }: JobDetails): Ended {
  if ('endedAt' in life) return life;
  return life.state === 'started' ? { ...life, endedAt: null } : { startedAt: null, endedAt: null, worker: null };
}

function attemptOf(attempt: Attempt) {
  return {
    outcome: attempt.outcome,
    execution_id: attempt.executionId,
    worker: attempt.worker,
    started_at: isoTime(attempt.startedAt),
    ended_at: isoTime(attempt.endedAt),
    duration_seconds: secondsBetween(attempt.startedAt, attempt.endedAt),
    ...resultOf(attempt),
    error: attempt.error,
  };
}

function interruptionOf({ why, executionId, worker, startedAt, endedAt }: Interruption) {
  return {
    why: why === 'died' ? 'worker_died' : 'worker_stopped',
    execution_id: executionId,
    worker,
    started_at: isoTime(startedAt),
    ended_at: isoTime(endedAt),
    duration_seconds: secondsBetween(startedAt, endedAt),
  };
}

function resultOf(attempt: Attempt | undefined): { readonly result: unknown; readonly result_text: string | null } {
  const text = attempt?.resultJson ?? null;
  return { result: text === null ? null : parsed(text), result_text: text };
}

/** What is nested too deeply for any reader is null. */
function parsed(json: string): unknown {
  if (findJsonFlaw(json)?.kind === 'depth') return null;
  try {
    return readJson(json);
  } catch {
    return null;
  }
}

function secondsBetween(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : toSeconds(Math.max(0, to - from));
}

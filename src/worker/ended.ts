import type { EndedExecution, Fate } from '../ended-execution.ts';
import type { Outcome } from '../executor/index.ts';
import { splitError } from '../parse/error-text.ts';
import type { ClaimedJob, Settled, Swept } from '../store/index.ts';
import type { Slot } from './slot.ts';

/** What is told of an execution's end beside the job itself. */
export interface End {
  readonly fate: Fate;
  readonly reason?: string | null;
  readonly trace?: string;
  readonly retryInMs?: number;
}

/** When an execution began: by this machine's clock, which may be set while it runs, and as {@link performance.now}, which counts on. */
export interface Beginning {
  readonly at: number;
  readonly monotonicMs: number;
}

export function beginNow(): Beginning {
  return { at: Date.now(), monotonicMs: performance.now() };
}

/** From when to when an execution lasted, in epoch milliseconds; the second is as long after the first as it took, even if the clock was set meanwhile. */
export type Span = Pick<EndedExecution, 'startedAt' | 'endedAt'>;

/** That of an execution which ends now. */
export function spanSince({ at, monotonicMs }: Beginning): Span {
  return { startedAt: at, endedAt: at + Math.round(performance.now() - monotonicMs) };
}

/** The record of an execution that has ended. */
export function endedExecution({ entry }: Slot, job: ClaimedJob, span: Span, end: End): EndedExecution {
  return {
    id: job.id,
    queue: job.queue,
    task: job.call?.task ?? null,
    description: job.description || job.call?.task || '',
    worker: entry.name,
    attempt: job.attempt,
    fate: end.fate,
    ...span,
    reason: end.reason ?? null,
    trace: end.trace ?? '',
    retryInMs: end.retryInMs ?? null,
  };
}

/** How an execution ended that was settled. */
export function endOf(outcome: Outcome, settled: Settled): End {
  const failure = outcome.kind === 'failed' ? outcome.failure : undefined;
  switch (settled.kind) {
    case 'finished':
      return { fate: 'finished' };
    case 'stopped':
      return { fate: 'stopped', reason: 'stopped by a user' };
    case 'retried':
      return { fate: 'retried', ...failure, retryInMs: settled.inMs };
    case 'failed':
      return { fate: 'failed', ...failure };
    case 'lost':
      return { fate: 'lost', reason: LOST };
  }
}

export const LOST = 'its lease was lost: another worker may run it';

/** The record of a job whose worker died and that was ended here. */
export function endedForDead(swept: Swept): EndedExecution {
  const { id, queue, description, worker, attempt, fate } = swept;
  const endedAt = swept.endedAt ?? Date.now();
  const { reason, trace } = swept.error === null ? { reason: reasonOfEnd(swept), trace: '' } : splitError(swept.error);
  return {
    ...{ id, queue, task: null, description, worker, attempt, fate: fate === 'queued' ? 'put back' : fate },
    ...{ startedAt: swept.startedAt ?? endedAt, endedAt, reason: fate === 'finished' ? null : reason, trace, retryInMs: null },
  };
}

/** Why a job ended without its worker, in one line. */
export function reasonOfEnd({ fate, crashes, isOnce, wasNoted, error }: Swept): string {
  if (wasNoted)
    return error === null ? 'its worker died in its callback' : `${splitError(error).reason} (its worker died in its callback)`;
  if (fate === 'stopped') return 'stopped by a user; its worker had died';
  if (isOnce) return 'its worker died, and it may be started only once (--at-most-once)';
  return `its worker died ${crashes === 1 ? 'once' : `${crashes} times`}, more often than it may (--max-crashes)`;
}

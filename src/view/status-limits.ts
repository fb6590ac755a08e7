import { DEFAULT_LIMITS, type JobDetails, type Limits } from '../model.ts';
import { formatDuration } from './duration.ts';

/** The limits that differ from RQ's defaults: `timeout 5 min, result kept for ever`; '' when none does. */
export function limitsText(limits: Limits): string {
  const told: string[] = [];
  if (limits.timeoutMs !== DEFAULT_LIMITS.timeoutMs) {
    told.push(limits.timeoutMs === null ? 'no timeout' : `timeout ${formatDuration(limits.timeoutMs)}`);
  }
  if (limits.resultTtlMs !== DEFAULT_LIMITS.resultTtlMs) told.push(`result ${keptText(limits.resultTtlMs)}`);
  if (limits.failureTtlMs !== DEFAULT_LIMITS.failureTtlMs) told.push(`failure ${keptText(limits.failureTtlMs)}`);
  if (limits.ttlMs !== null) told.push(`waits for at most ${formatDuration(limits.ttlMs)}`);
  return told.join(', ');
}

/** How long Redis still keeps the job: `forgotten in 8 min 20 s`; `for ever` only for a job that has ended. */
export function ttlText({ forgottenInMs, life }: Pick<JobDetails, 'forgottenInMs' | 'life'>): string {
  if (forgottenInMs !== null) return `forgotten in ${formatDuration(forgottenInMs)}`;
  const hasEnded = 'endedAt' in life || life.state === 'canceled';
  return hasEnded ? 'for ever' : '';
}

/** How long a queued job may still wait: `59 min 12 s left`; '' without a limit. */
export function expiryText({ expiresAt, readAt }: Pick<JobDetails, 'expiresAt' | 'readAt'>): string {
  if (expiresAt === null) return '';
  return expiresAt > readAt
    ? `${formatDuration(expiresAt - readAt)} left to wait`
    : `over for ${formatDuration(readAt - expiresAt)}: the next worker that comes to it cancels it`;
}

function keptText(ttlMs: number | null): string {
  if (ttlMs === null) return 'kept for ever';
  return ttlMs === 0 ? 'not kept' : `kept for ${formatDuration(ttlMs)}`;
}

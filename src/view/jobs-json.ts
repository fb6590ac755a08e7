import type { JobRow } from '../model.ts';
import { isoTime, toSeconds } from './time.ts';

/**
 * A line of `rqt jobs --json`: a plain object, version 1, every key always there. Times are ISO 8601 in UTC, durations seconds, and what
 * does not exist is null. `at` is since when the job is in its state (of a scheduled job, when it is due): lines are ordered by it.
 */
export function jobLine(row: JobRow, readAt: number) {
  const hasEnded = row.state === 'finished' || row.state === 'failed' || row.state === 'stopped';
  const hasRun = hasEnded || row.state === 'started';
  return {
    version: 1,
    kind: 'listed_job',
    id: row.id,
    state: row.state,
    queue: row.queue,
    description: row.description,
    task: row.task,
    group: row.group,
    at: isoTime(row.at),
    created_at: isoTime(row.createdAt),
    enqueued_at: isoTime(row.enqueuedAt),
    due_at: row.state === 'scheduled' ? isoTime(row.at) : null,
    started_at: hasRun ? isoTime(row.startedAt) : null,
    ended_at: hasEnded ? isoTime(row.endedAt) : null,
    duration_seconds: hasRun ? secondsBetween(row.startedAt, hasEnded ? row.endedAt : readAt) : null,
    worker: hasRun ? row.worker : null,
    attempt_count: row.attemptCount,
  } as const;
}

function secondsBetween(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : toSeconds(Math.max(0, to - from));
}

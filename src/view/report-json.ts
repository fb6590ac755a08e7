import type { EndedExecution } from '../ended-execution.ts';
import { durationMs, jobsPerSecond, type RunSummary } from '../run-stats.ts';
import { safeJson } from './safe.ts';
import { isoTime, toSeconds } from './time.ts';

/** Who works on what. */
export interface ReportHead {
  readonly rqtVersion: string;
  readonly queues: readonly string[];
  readonly host: string;
  readonly pid: number;
  readonly startedAt: number;
}

/**
 * The first line of `--report`, version 1. Lines of later kinds may be added to version 1; every key of a kind is always there. Times are ISO
 * 8601 in UTC, durations seconds, what does not exist is null.
 */
export function reportHead({ rqtVersion, queues, host, pid, startedAt }: ReportHead): string {
  return safeJson({
    version: 1,
    kind: 'report',
    rqt_version: rqtVersion,
    queues,
    host,
    pid,
    started_at: isoTime(startedAt),
  });
}

/** One execution that has ended. `outcome`: finished, failed, stopped, retried, put_back or lost. */
export function reportExecution(ended: EndedExecution): string {
  return safeJson({
    version: 1,
    kind: 'execution',
    id: ended.id,
    queue: ended.queue,
    task: ended.task,
    description: ended.description,
    worker: ended.worker,
    attempt: ended.attempt === 0 ? null : ended.attempt,
    outcome: ended.fate === 'put back' ? 'put_back' : ended.fate,
    started_at: isoTime(ended.startedAt),
    ended_at: isoTime(ended.endedAt),
    duration_seconds: toSeconds(durationMs(ended)),
    error: ended.reason,
    trace: ended.trace === '' ? null : ended.trace,
    retry_in_seconds: toSeconds(ended.retryInMs),
  });
}

/** The last line: without it, the run did not come to its end. `why`: as the log's `quitting` says it. */
export function reportTotals(summary: RunSummary, { why, status }: { readonly why: string; readonly status: number }): string {
  const { counts, waiting, totalMs } = summary;
  const rate = jobsPerSecond(summary);
  return safeJson({
    version: 1,
    kind: 'report_totals',
    why,
    exit_status: status,
    done: counts.finished,
    failed: counts.failed,
    stopped: counts.stopped,
    retried: counts.retried,
    put_back: counts['put back'],
    lost: counts.lost,
    waiting_for_retry: waiting,
    total_seconds: toSeconds(totalMs),
    jobs_per_second: rate === null ? null : Math.round(rate * 1000) / 1000,
  });
}

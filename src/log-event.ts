import type { StreamName } from './model.ts';

/** How loud an event is; a worker's `-v` and `-q` filter by it. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Which job an event is about. */
interface OfJob {
  readonly queue: string;
  readonly jobId: string;
}

/** Everything a worker tells, in about the order in which RQ's worker tells it. Durations in milliseconds. */
type Told =
  | { readonly event: 'started'; readonly worker: string; readonly pid: number; readonly version: string }
  | { readonly event: 'subscribing'; readonly worker: string; readonly channel: string }
  | { readonly event: 'listening'; readonly worker: string; readonly queues: readonly string[] }
  | { readonly event: 'cleaning'; readonly worker: string; readonly queue: string }
  /** `attempt` is 1 for the first. */
  | ({ readonly event: 'job_started'; readonly description: string; readonly attempt: number } & OfJob)
  /** One or more lines that the job printed. */
  | ({ readonly event: 'output'; readonly stream: StreamName; readonly text: string } & OfJob)
  | ({ readonly event: 'job_ok'; readonly durationMs: number } & OfJob)
  /** `ttlMs` null: for ever; 0: deleted at once. */
  | ({ readonly event: 'result_kept'; readonly ttlMs: number | null } & OfJob)
  | ({ readonly event: 'result_absent'; readonly reason: string } & OfJob)
  /** `trace` is the task's own stack, or ''. */
  | ({ readonly event: 'job_failed'; readonly reason: string; readonly trace: string; readonly durationMs: number } & OfJob)
  /** Failed and tried again: after `delayMs`. */
  | ({ readonly event: 'job_retried'; readonly reason: string; readonly delayMs: number } & RetriesOf & OfJob)
  /** Stopped by a user. */
  | ({ readonly event: 'job_stopped' } & OfJob)
  /** Put back at the front of its queue: a cold shutdown, or its worker died. */
  | ({ readonly event: 'job_put_back'; readonly reason: string } & OfJob)
  /** Enqueued for a slot of an entry of `rqt cron`. */
  | ({ readonly event: 'job_cron'; readonly entry: string } & OfJob)
  | ({ readonly event: 'lease_lost' } & OfJob)
  | ({ readonly event: 'late_result_dropped' } & OfJob)
  | { readonly event: 'warm_shutdown'; readonly worker: string; readonly pid: number }
  | { readonly event: 'cold_shutdown'; readonly worker: string }
  /** `queues`: those that are suspended and have jobs; none when all workers are. */
  | { readonly event: 'suspended'; readonly worker: string; readonly queues: readonly string[] }
  | { readonly event: 'resumed'; readonly worker: string }
  | { readonly event: 'redis_lost'; readonly worker: string; readonly reason: string }
  | { readonly event: 'redis_again'; readonly worker: string; readonly afterMs: number }
  /** Anything else worth telling. */
  | { readonly event: 'debug' | 'note' | 'warning' | 'error'; readonly text: string }
  | {
      readonly event: 'quitting';
      readonly worker: string;
      readonly why: QuitReason;
      readonly done: number;
      /** Those that will be tried again are among them. */
      readonly failed: number;
      readonly waiting: number;
    };

/** Why a worker ends: its queues are empty, asked to, `--max-jobs`, `--fail-fast` or `--max-failures`, `--max-idle-time`, suspended in a burst, time over before all was settled, no Redis. */
export type QuitReason = 'done' | 'stopped' | 'max_jobs' | 'failures' | 'idle' | 'suspended' | 'unsettled' | 'no_redis';

/** One thing a worker tells; `at` is when, in epoch milliseconds. */
export type LogEvent = Told & { readonly at: number };

/** How loud an event is. */
export function levelOf({ event }: LogEvent): LogLevel {
  return LEVELS[event];
}

const LEVELS: Readonly<Record<LogEvent['event'], LogLevel>> = {
  started: 'info',
  subscribing: 'info',
  listening: 'info',
  cleaning: 'info',
  job_started: 'info',
  output: 'info',
  job_ok: 'info',
  result_kept: 'info',
  result_absent: 'warn',
  job_failed: 'error',
  job_retried: 'warn',
  job_stopped: 'warn',
  job_put_back: 'warn',
  job_cron: 'info',
  lease_lost: 'warn',
  late_result_dropped: 'warn',
  warm_shutdown: 'info',
  cold_shutdown: 'warn',
  suspended: 'warn',
  resumed: 'info',
  redis_lost: 'warn',
  redis_again: 'info',
  debug: 'debug',
  note: 'info',
  warning: 'warn',
  error: 'error',
  quitting: 'info',
};

/**
 * `retriesLeft` of the job's own. `asked`: that is not one of these, its task has asked for it, for so many times; of at most `askedMax`, null:
 * without a limit. Both are null when it has not asked.
 */
interface RetriesOf {
  readonly retriesLeft: number;
  readonly asked: number | null;
  readonly askedMax: number | null;
}

/**
 * The words of rqt as types. Times are integer milliseconds since the epoch, durations integer milliseconds; `null` is
 * "none". Only the store's codec knows RQ's formats.
 *
 * - job: one call, with an id. task: what it calls, `module#fn`. queue: a named list.
 * - execution: one attempt at a job, with its own id. lease: until when an execution is believed alive.
 * - outcome: what an attempt left.
 */

/** What a job calls: `task` as `module#fn` (or Python's dotted name), positional arguments, keyword arguments. */
export interface Call {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Retention and limits of a job. `null` timeout: no limit. `null` ttl: may wait for ever. `null` result/failure ttl: kept for ever; 0: not kept. */
export interface Limits {
  readonly timeoutMs: number | null;
  readonly resultTtlMs: number | null;
  readonly failureTtlMs: number | null;
  readonly ttlMs: number | null;
}

/** RQ's defaults (rq/defaults.py): 180 s, 500 s, 1 year, none. */
export const DEFAULT_LIMITS: Limits = {
  timeoutMs: 180_000,
  resultTtlMs: 500_000,
  failureTtlMs: 365 * 86_400_000,
  ttlMs: null,
};

/** RQ's own queue name when none is given. */
export const DEFAULT_QUEUE = 'default';

/** What the names of the queues that `rqt run` makes for itself begin with. */
export const RUN_QUEUE_START = 'rqt-run-';

/** Every state that rqt writes; RQ 3.0 knows some more, which arrive as `other`. */
export const JOB_STATES = ['queued', 'started', 'finished', 'failed', 'stopped', 'canceled', 'deferred', 'scheduled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Where a job stands: each state carries what it has, and cannot carry what it cannot have. */
export type Life =
  | { readonly state: 'queued'; readonly enqueuedAt: number | null; readonly position: number | null }
  | { readonly state: 'scheduled'; readonly dueAt: number | null }
  | { readonly state: 'deferred'; readonly waitsFor: readonly string[] }
  | {
      readonly state: 'started';
      readonly startedAt: number | null;
      readonly worker: string | null;
      readonly leaseUntil: number | null;
    }
  | ({ readonly state: 'finished' | 'failed' | 'stopped' } & Ended)
  | { readonly state: 'canceled'; readonly canceledAt: number | null; readonly reason: string | null }
  | { readonly state: 'other'; readonly name: string };

/** When and by whom a job's last attempt was run. */
export interface Ended {
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly worker: string | null;
}

/** How one attempt ended, oldest first in {@link JobDetails.attempts}. RQ's result types 1 to 5. */
export interface Attempt {
  readonly outcome: 'finished' | 'failed' | 'stopped' | 'retried' | 'out of retries';
  readonly executionId: string | null;
  readonly worker: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** The returned value as JSON text, or null when nothing was returned or kept. */
  readonly resultJson: string | null;
  /** Reason and stack trace, or null. */
  readonly error: string | null;
}

/** An attempt that was cut short and left no result: its worker died, or was stopped at once and put the job back. */
export interface Interruption {
  readonly why: 'died' | 'stopped';
  readonly executionId: string | null;
  readonly worker: string | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** What a task says of trying again, by throwing `Fail` or `Retry`. `max`: after how many of these the job fails; null: never. */
export type Again = { readonly kind: 'never' } | { readonly kind: 'in'; readonly inMs: number; readonly max: number | null };

/** Which of the two streams that a job writes to. */
export type StreamName = 'stdout' | 'stderr';

/** One captured stream: text, and how many bytes were cut out of its middle to keep it under the cap. */
export interface Captured {
  readonly text: string;
  readonly cutBytes: number;
}

/** Everything `rqt status` shows of a job. `call` is null when the payload cannot be read; `opaque` then says why. */
export interface JobDetails {
  readonly id: string;
  readonly queue: string;
  readonly description: string;
  readonly call: Call | null;
  readonly opaque: string | null;
  readonly limits: Limits;
  readonly createdAt: number | null;
  readonly enqueuedAt: number | null;
  readonly life: Life;
  /** How many attempts were started, the running one included. */
  readonly attemptCount: number;
  /** How often a worker died under this job. */
  readonly crashes: number;
  readonly attempts: readonly Attempt[];
  /** The last attempts that were cut short, oldest first; they are not among the others. */
  readonly interruptions: readonly Interruption[];
  /** Why a finished job has no result, or none that can be read, or null. */
  readonly resultAbsent: string | null;
  /** Why its callback failed, or null. */
  readonly callbackError: string | null;
  /** The callback that is still to be run, or runs now, since the job ended without its worker; null: none is. */
  readonly callbackDue: { readonly on: string; readonly task: string } | null;
  /** Until when it may wait on its queue, or null. */
  readonly expiresAt: number | null;
  /** How far the running attempt says it is, from 0 to 1; null when it says nothing. */
  readonly progress: { readonly fraction: number; readonly note: string } | null;
  /** Notes on the job as JSON text, or null: none, or `metaOpaque` says why they cannot be read. */
  readonly metaJson: string | null;
  readonly metaOpaque: string | null;
  readonly group: string | null;
  readonly parents: readonly string[];
  /** Failures that will still be retried, successes after which it will be run again. */
  readonly retriesLeft: number;
  readonly repeatsLeft: number;
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** Milliseconds until Redis forgets the job, or null when it is kept. */
  readonly forgottenInMs: number | null;
  /** Redis's clock when this was read: ages are relative to it. */
  readonly readAt: number;
}

/** One row of `rqt info`'s queue table. */
export interface QueueInfo {
  readonly name: string;
  readonly queued: number;
  readonly started: number;
  readonly deferred: number;
  readonly scheduled: number;
  readonly finished: number;
  readonly failed: number;
  readonly canceled: number;
  /** When the oldest queued job was enqueued, or null. */
  readonly oldestAt: number | null;
  readonly suspended: boolean;
  /** When its suspension ends by itself, or null. */
  readonly resumesInMs: number | null;
  /** Names of the workers that listen on it. */
  readonly workers: readonly string[];
}

/** One row of `rqt info`'s worker table. `state` is RQ's: started, idle, busy, suspended, or what a foreign worker wrote. */
export interface WorkerInfo {
  readonly name: string;
  readonly state: string;
  readonly queues: readonly string[];
  readonly currentJob: { readonly id: string; readonly startedAt: number | null } | null;
  readonly done: number;
  readonly failed: number;
  readonly host: string;
  readonly address: string;
  readonly pid: number | null;
  readonly version: string;
  readonly bornAt: number | null;
  readonly lastHeartbeatAt: number | null;
}

/** Everything `rqt info` shows, read at one moment of Redis's clock. */
export interface Overview {
  readonly queues: readonly QueueInfo[];
  readonly workers: readonly WorkerInfo[];
  /** All workers are suspended (RQ's `rq suspend`). */
  readonly suspended: boolean;
  /** When that ends by itself, or null. */
  readonly resumesInMs: number | null;
  readonly readAt: number;
}

/** One row of `rqt jobs`. */
export interface JobRow {
  readonly id: string;
  readonly state: JobState;
  readonly queue: string;
  readonly description: string;
  /** null when it was not asked for, or the payload cannot be read. */
  readonly task: string | null;
  /** Since when it is in its state; of a scheduled job, when it is due. Rows are ordered by it, newest first. */
  readonly at: number | null;
  readonly createdAt: number | null;
  readonly enqueuedAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly worker: string | null;
  readonly group: string | null;
  /** How many attempts were started. */
  readonly attemptCount: number;
}

/** A job among those that it depends on and that depend on it. */
export interface TreeJob {
  readonly id: string;
  /** As Redis has it; null when the job is gone. */
  readonly state: string | null;
  readonly queue: string;
  readonly description: string;
  /** How it is related to the job that was asked for. */
  readonly relation: 'asked' | 'ancestor' | 'descendant';
  /** Ids of its parents, and of the children that still wait for it or may wait again: at most some of each, see the counts. */
  readonly parents: readonly string[];
  readonly children: readonly string[];
  readonly parentCount: number;
  readonly childCount: number;
}

/** The ancestors and descendants of a job, nearest first, as far as bounds allow: ids that no job is here for were left out. */
export interface JobTree {
  readonly id: string;
  readonly jobs: ReadonlyMap<string, TreeJob>;
}

import type { EndedExecution } from '../ended-execution.ts';
import type { JobCall, StreamName } from '../executor/index.ts';
import type { LogEvent } from '../log-event.ts';

/** What a worker is to do. Durations in milliseconds; null: no limit. */
export interface WorkerOptions {
  /** In order of priority. */
  readonly queues: readonly string[];
  /** Ends when all its queues are empty. */
  readonly burst: boolean;
  /** Chosen by the user; else `host.pid`, made unique. */
  readonly name: string | undefined;
  /** Absolute; tasks are looked up here, in this order, before those that ship with rqt. */
  readonly taskRoots: readonly string[];
  /** How many jobs at a time: as many slots, each a registered worker with an executor of its own. */
  readonly concurrency: number;
  /** Which queue comes first: as given, at random, or each in turn (RQ's dequeue strategies). */
  readonly dequeueStrategy: 'default' | 'random' | 'round_robin';
  /** Enqueue scheduled jobs when they are due. */
  readonly schedules: boolean;
  /** A burst waits this long for what is still to come of its jobs; null: not at all. */
  readonly settleForMs: number | null;
  /** An executor above this is replaced after its job; null: a bound of rqt's own. */
  readonly maxMemoryBytes: number | null;
  /** An executor is replaced after so many jobs; null: never for that. */
  readonly recycleAfter: number | null;
  /** How often registries are swept. */
  readonly sweepEveryMs: number;
  readonly maxJobs: number | null;
  readonly maxIdleMs: number | null;
  /** Ends when so many jobs have ended badly for good; null: goes on whatever fails. */
  readonly maxFailures: number | null;
  /** A fresh executor for every job. */
  readonly isolate: boolean;
  /** How long a task has after its signal, and again after SIGTERM. */
  readonly graceMs: number;
  /** The first signal already stops the running job; else it is finished. */
  readonly stopsAtOnce: boolean;
  /** For jobs that do not say themselves how long their result is kept. */
  readonly resultTtlMs: number | null;
  /** Jobs may run shell command lines. */
  readonly allowShell: boolean;
  readonly version: string;
  /** dist/executor.js and dist/tasks. */
  readonly executorScript: string;
  readonly shippedTasks: string;
  /** How long an execution is believed alive without a heartbeat. */
  readonly leaseMs: number;
  /** Until Redis forgets a worker that no longer beats; RQ's worker_ttl plus a minute. */
  readonly workerTtlMs: number;
  readonly log: (event: Told) => void;
  /** Called for each execution that has ended, after it was told. */
  readonly onEnded: (ended: EndedExecution) => void;
  /** What a job writes, live; a returned promise slows the job down until it settles. */
  readonly onOutput: (call: JobCall, stream: StreamName, chunk: Buffer) => void | Promise<void>;
}

/** A log event before its time is put on. */
export type Told = LogEvent extends infer Event ? (Event extends { at: number } ? Omit<Event, 'at'> : never) : never;

/** How a worker ended. `failed`: jobs of this run whose last attempt did not end well. */
export interface WorkerEnd {
  readonly why: 'done' | 'stopped' | 'max_jobs' | 'failures' | 'idle' | 'suspended' | 'unsettled';
  readonly done: number;
  readonly failed: number;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
  /** It ended while Redis was away, and did not wait for it. */
  readonly withoutRedis: boolean;
  /** It ended without Redis, which does not know that the task of some job has ended: that one will run again. */
  readonly dropsEnd: boolean;
}

/** RQ's defaults (rq/defaults.py): job_monitoring_interval 30 s, worker_ttl 420 s. */
export const WORKER_DEFAULTS = { leaseMs: 60_000, workerTtlMs: 480_000, sweepEveryMs: 30_000, graceMs: 5_000 } as const;

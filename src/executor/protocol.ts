/**
 * What worker and executor say to each other. The messages travel over Node's IPC channel with the `advanced`
 * serialisation; both sides import these types, so that neither can invent a message.
 */
import type { Again } from '../model.ts';

export type { Again, StreamName } from '../model.ts';

/** One execution of one job, as the child needs it. Durations in milliseconds. */
export interface JobCall {
  readonly jobId: string;
  readonly executionId: string;
  readonly queue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** `module#fn`, or Python's dotted `pkg.mod.fn`. */
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** null: no limit. */
  readonly timeoutMs: number | null;
  /** The job's notes as JSON text, or ''. */
  readonly metaJson?: string;
}

/** Why a job did not finish: `reason` is one line for a person, `trace` the task's own stack (with causes), or ''. */
export interface Failure {
  readonly reason: string;
  readonly trace: string;
  /** That of the command which the task ran and which failed it. */
  readonly exitStatus?: number;
}

/** What a task asks of its worker while it runs. Durations as typed: `'90s'` or seconds. */
export type TaskRequest =
  | { readonly type: 'meta'; readonly json: string }
  | { readonly type: 'progress'; readonly fraction: number; readonly note: string }
  | {
      readonly type: 'enqueue';
      readonly task: string;
      readonly args: readonly unknown[];
      readonly options: Readonly<Record<string, unknown>>;
    };

/** What a run left. */
export type Outcome =
  /** `resultJson` is null when the result could not be kept; `absent` then says why. A returned `undefined` is `'null'`. */
  | { readonly kind: 'finished'; readonly resultJson: string | null; readonly absent: string | null }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly again?: Again }
  /** Stopped on request, see {@link StopReason}. */
  | { readonly kind: 'stopped'; readonly by: StopReason };

/** `stop`: a user stops this job. `cold`: the worker stops at once and puts the job back. `lost`: its lease was lost. `kill`: a user kills its executor (RQ's kill-horse). */
export type StopReason = 'stop' | 'cold' | 'lost' | 'kill';

/** What an executor is told before its first job. */
export interface Setup {
  /** Absolute, in the order in which they are searched. */
  readonly taskRoots: readonly string[];
  /** Where the tasks that ship with rqt are; searched last. */
  readonly shippedTasks: string;
  readonly maxResultBytes: number;
  /** An executor that is larger than this after a job is replaced. */
  readonly maxRssBytes: number;
}

/** What the parent says. The channel keeps order: `setup` is the first message, `abort` follows its `run`. */
export type ToExecutor =
  | { readonly type: 'setup'; readonly setup: Setup }
  | { readonly type: 'run'; readonly call: JobCall }
  /** Abort the signal of this execution's context. */
  | { readonly type: 'abort'; readonly executionId: string }
  /** To a request of this number: a value, or why there is none. */
  | { readonly type: 'answer'; readonly number: number; readonly value: string; readonly error: string | null };

/** What the executor says. */
export type FromExecutor =
  /** Set up; jobs run from here on. */
  | { readonly type: 'ready' }
  /** The job is over. `left` says in one line why the executor must not be used again, or is null when it is clean. */
  | { readonly type: 'done'; readonly outcome: Outcome; readonly left: string | null }
  /** The job it was given, or would be given next, was not begun: a fresh executor has to run it. */
  | { readonly type: 'unfit'; readonly why: string }
  /** The running job asks for something; number 0: no answer is wanted. */
  | { readonly type: 'request'; readonly number: number; readonly request: TaskRequest }
  /** Answer to `abort`: whether the task ever looked at its signal. */
  | { readonly type: 'aborting'; readonly heeded: boolean };

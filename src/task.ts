/**
 * What a task can use: `import { job, Retry, Fail } from 'rqt/task'`. Outside a worker all of it is inert, so that a task can be called
 * from a test as the function that it is.
 */
import { findRetryMistake } from './parse/asked-retry.ts';

/** Options of a child job; durations as on the command line (`'90s'`, `'5m'`) or in seconds. */
export interface ChildOptions {
  /** Default: the queue of this job. */
  readonly queue?: string;
  /**
   * With an id of its own a child is enqueued once, however often this job asks for it and is tried: one that it has enqueued and that is
   * unfinished is left as it is, whatever its arguments. One that has ended runs again.
   */
  readonly id?: string;
  readonly timeout?: string | number;
  readonly resultTtl?: string | number;
  readonly description?: string;
  readonly atFront?: boolean;
  /** Run it after these jobs have finished. */
  readonly dependsOn?: readonly string[];
  /** Run it after this time. */
  readonly in?: string | number;
}

/** The job that runs now. */
export interface Job {
  /** Its id; '' outside a worker. */
  readonly id: string;
  /** Its queue; '' outside a worker. */
  readonly queue: string;
  /** 1 for the first attempt; 0 outside a worker. */
  readonly attempt: number;
  /** The id of this attempt; '' outside a worker. */
  readonly execution: string;
  /** Aborts when the job is stopped or its time is over. A task that has looked at it is given the grace period to end by itself. */
  readonly signal: AbortSignal;
  /** Notes on the job (`--meta`), to read and to change; {@link Job.saveMeta} keeps them. */
  readonly meta: Record<string, unknown>;
  /** Keeps {@link Job.meta} in Redis, for `rqt status`. It must be JSON. */
  saveMeta(): Promise<void>;
  /** Says how far the job is, from 0 to 1, and in words; for `rqt status`. Cheap enough to be called a million times. */
  progress(fraction: number, note?: string): void;
  /** Writes a line to the job's output, with the time in front. */
  log(...values: readonly unknown[]): void;
  /**
   * Puts another job on a queue, through the worker; returns its id. Rejects when an unfinished job of somebody else's has that id. Outside a worker nothing is enqueued
   * and the id is ''.
   */
  enqueue(task: string, args?: readonly unknown[], options?: ChildOptions): Promise<string>;
}

/** By these the executor recognises what a task throws, whichever copy of this module it has loaded. */
const RETRY: unique symbol = Symbol.for('rqt.retry');
const FAIL: unique symbol = Symbol.for('rqt.fail');

/** Thrown or returned by a task: try this job again, whatever its `--retry-max` says; that one's retries are not spent. */
export class Retry extends Error {
  override readonly name = 'Retry';
  /** How long to wait until then: `'30s'`, or seconds. Default: not at all, but a second from the eleventh on when there is no {@link max}. */
  readonly in: string | number;
  /** After how many of these the job fails; default: never. */
  readonly max: number | null;

  /** Options that are none, or of a wrong kind, throw: that fails the job, as trying again would not help. */
  constructor(options: { in?: string | number; max?: number | null; because?: string } = {}) {
    const mistake = findRetryMistake(options);
    if (mistake !== null) throw misused(mistake, new.target);
    super(options.because ?? 'the task asked to be tried again');
    this.in = options.in ?? 0;
    this.max = options.max === Number.POSITIVE_INFINITY ? null : (options.max ?? null);
  }

  /** @internal */
  readonly [RETRY] = true;
}

/** Thrown or returned by a task: the job has failed, and trying again would not help. */
export class Fail extends Error {
  override readonly name = 'Fail';
  /** @internal */
  readonly [FAIL] = true;
}

/** An error whose stack begins in the task, and which fails it like {@link Fail}. */
function misused(mistake: string, where: new (...args: never[]) => Retry): TypeError {
  const error = new TypeError(`Retry: ${mistake}`);
  Error.captureStackTrace(error, where);
  return Object.defineProperty(error, FAIL, { value: true });
}

const CONTEXT = Symbol.for('rqt.job');
const place = globalThis as { [CONTEXT]?: Job | undefined };
const NEVER = new AbortController().signal;
let meta: Record<string, unknown> = {};

const OUTSIDE: Job = {
  id: '',
  queue: '',
  attempt: 0,
  execution: '',
  signal: NEVER,
  get meta() {
    return meta;
  },
  set meta(value) {
    meta = value;
  },
  saveMeta: async () => {},
  progress: () => {},
  log: (...values) => console.log(...values),
  enqueue: async () => '',
};

/** The job that runs now; each property is that of the moment it is looked at. */
export const job: Job = new Proxy(OUTSIDE, {
  get(_target, name) {
    const current = place[CONTEXT] ?? OUTSIDE;
    const value: unknown = Reflect.get(current, name, current);
    return typeof value === 'function' ? value.bind(current) : value;
  },
  set(_target, name, value) {
    const current = place[CONTEXT] ?? OUTSIDE;
    return Reflect.set(current, name, value, current);
  },
});

import { failpoint } from '../failpoint.ts';
import { Executor, ForkError } from './executor.ts';
import { killGroup, killSession } from './kill.ts';
import type { JobCall, Setup, StreamName, TaskRequest } from './protocol.ts';
import { Run, type RunHost, type RunningJob } from './run.ts';
import { closeSentinel, openSentinel } from './sentinel.ts';

/** What a pool is made of. Sizes in bytes, paths absolute. */
export interface PoolOptions {
  /** The built child, dist/executor.js. */
  readonly script: string;
  /** Where tasks are looked up, in this order. */
  readonly taskRoots: readonly string[];
  /** The tasks that ship with rqt, looked up last. */
  readonly shippedTasks: string;
  /** A fresh executor for every job. */
  readonly isolate: boolean;
  /** How long a task has after its signal was aborted, and again after SIGTERM. */
  readonly graceMs: number;
  readonly maxResultBytes: number;
  /** An executor above this is replaced after its job; default 512 MiB. */
  readonly maxRssBytes?: number;
  /** An executor is replaced after so many jobs; default: never for that. */
  readonly recycleAfter?: number;
  /** Added to the executors' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What a job writes, live. A returned promise pauses that job's output until it settles, and thereby, once the
   * kernel's buffer is full, the task: this is how a slow reader slows a flood.
   */
  readonly onOutput: (call: JobCall, stream: StreamName, chunk: Buffer) => void | Promise<void>;
  /** Does what a job asks for while it runs; resolves to its answer, '' for none. */
  readonly onRequest?: (call: JobCall, request: TaskRequest) => Promise<string>;
  /** Told in one line what a job left behind, for which its executor is not used again: it ends there. */
  readonly onLeft?: (call: JobCall, left: string) => void;
  /** Told in one line why an executor is not used again; for the log. */
  readonly onRetired?: (reason: string) => void;
}

/** Runs jobs one at a time in forked executors. */
export interface ExecutorPool {
  /** Forks the first executor so that the first job does not wait for it. */
  warm(): void;
  /** Whether an executor can be started, found out by starting one: it is the next job's then. Not while a job runs. */
  canStart(): Promise<boolean>;
  /**
   * Runs one job; the previous one must be over. `outcome` never rejects for anything that the task or its executor
   * does, only with {@link ForkError} when no executor could be started: the job did not run then.
   */
  run(call: JobCall): RunningJob;
  /** Kills everything that is left and waits until it is gone. A job that still runs ends as stopped (`cold`). */
  close(): Promise<void>;
}

/** A pool without any process yet: the first is forked by `warm` or by the first job. */
export function createPool(options: PoolOptions): ExecutorPool {
  return new Pool(options);
}

const DEFAULT_MAX_RSS_BYTES = 512 * 2 ** 20;
/** After a job that was not clean, a spare executor is kept ready for this many clean ones. */
const SPARE_KEPT_JOBS = 100;

class Pool implements ExecutorPool, RunHost {
  readonly #options: PoolOptions;
  readonly #setup: Setup;
  readonly #living = new Set<Executor>();
  /** Executors without a job, the warmest first. */
  #ready: Executor[] = [];
  /** For how many more clean jobs a spare is kept; 0 while all jobs are clean, so that they cost no Node start. */
  #spareJobs: number;
  #running: Run | null = null;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#spareJobs = options.isolate ? SPARE_KEPT_JOBS : 0;
    const { taskRoots, shippedTasks, maxResultBytes, maxRssBytes = DEFAULT_MAX_RSS_BYTES } = options;
    this.#setup = { taskRoots, shippedTasks, maxResultBytes, maxRssBytes };
    openSentinel();
  }

  get graceMs(): number {
    return this.#options.graceMs;
  }

  get onOutput(): PoolOptions['onOutput'] {
    return this.#options.onOutput;
  }

  onRequest(call: JobCall, request: TaskRequest): Promise<string> {
    return this.#options.onRequest?.(call, request) ?? Promise.resolve('');
  }

  warm(): void {
    if (this.#closed || this.#ready.some(executor => executor.usable)) return;
    try {
      this.#ready = [this.#fork()];
    } catch (error) {
      // The job that comes next will meet the same want, and can be put back.
      if (!(error instanceof ForkError)) throw error;
    }
  }

  async canStart(): Promise<boolean> {
    this.warm();
    const [executor] = this.#ready;
    if (!executor) return false;
    await executor.started;
    if (executor.usable && executor.ready) return true;
    this.#ready = this.#ready.filter(other => other !== executor);
    executor.abandon();
    return false;
  }

  run(call: JobCall): RunningJob {
    if (this.#closed || this.#running) throw new Error('a pool runs one job at a time, until it is closed');
    const run = new Run(call, this);
    this.#running = run;
    try {
      run.begin();
    } catch (error) {
      // Only a bug comes here; it must not make close() wait for an outcome that never comes.
      this.#running = null;
      throw error;
    }
    if (this.#spareJobs > 0) this.warm();
    return run;
  }

  take(): Executor {
    for (;;) {
      const executor = this.#ready.shift();
      if (!executor) return this.#fork();
      if (executor.usable && executor.checkAlive()) return executor;
      this.retire(executor, executor.soiled ?? 'it ended between two jobs');
    }
  }

  settled(executor: Executor | null, left: string | null, call: JobCall): void {
    this.#running = null;
    if (left !== null) this.#options.onLeft?.(call, left);
    if (executor && this.#closed) executor.abandon();
    if (!executor || this.#closed) return;
    const reason = left ?? executor.soiled ?? this.#wornOut(executor);
    if (reason === null && executor.usable) this.#keep(executor);
    else this.#replace(executor, reason ?? 'it ended');
  }

  /** Why an executor is replaced although it is clean, or null. */
  #wornOut(executor: Executor): string | null {
    const { isolate, recycleAfter } = this.#options;
    if (isolate) return 'every job has an executor of its own';
    return recycleAfter !== undefined && executor.jobCount >= recycleAfter ? `it has run ${executor.jobCount} jobs` : null;
  }

  retire(executor: Executor, reason: string): void {
    if (__FAILPOINTS__) failpoint('executor.retire');
    executor.abandon();
    if (executor.exit === null) killGroup(executor.pid, 'SIGKILL');
    this.#options.onRetired?.(reason);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const running = this.#running;
    running?.stop('cold');
    for (const executor of this.#living) killSession(executor.pid, 'SIGKILL');
    await Promise.all([...this.#living].map(executor => executor.exited));
    if (__FAILPOINTS__) failpoint('pool.closed');
    await running?.outcome.catch(() => {});
    for (const executor of this.#ready) executor.abandon();
    closeSentinel();
  }

  #keep(executor: Executor): void {
    this.#ready.unshift(executor);
    if (this.#spareJobs === 0 || --this.#spareJobs > 0) return;
    for (const spare of this.#ready.splice(1)) this.retire(spare, 'a spare that was not needed');
  }

  #replace(executor: Executor, reason: string): void {
    this.#spareJobs = SPARE_KEPT_JOBS;
    this.retire(executor, reason);
    this.warm();
  }

  #fork(): Executor {
    const executor = new Executor(this.#options.script, this.#setup, this.#options.env);
    this.#living.add(executor);
    void executor.exited.then(() => this.#living.delete(executor));
    return executor;
  }
}

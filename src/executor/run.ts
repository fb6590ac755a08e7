import { failpoint } from '../failpoint.ts';
import { drain } from './drain.ts';
import { describeExit, describeTimeout } from './ended.ts';
import { type Executor, type ExecutorUser, type Exit, ForkError } from './executor.ts';
import { type Ending, endExecutor, killSession } from './kill.ts';
import type { FromExecutor, JobCall, Outcome, StopReason, StreamName, TaskRequest } from './protocol.ts';

/** A job that was given to a pool. */
export interface RunningJob {
  /** How it ended, after all of its output has been delivered. Rejects with `ForkError` only. */
  readonly outcome: Promise<Outcome>;
  /** Ends it: `stop` and `cold` with abort, SIGTERM and SIGKILL, `lost` and `kill` with SIGKILL at once. No effect after its end. */
  stop(by: StopReason): void;
  /** The executor's process, which leads its group; null when none could be forked. */
  readonly pid: number | null;
}

/** What a run needs of its pool. */
export interface RunHost {
  readonly graceMs: number;
  onOutput(call: JobCall, stream: StreamName, chunk: Buffer): void | Promise<void>;
  onRequest(call: JobCall, request: TaskRequest): Promise<string>;
  /** An executor for the job, the warmest there is. Throws `ForkError`. */
  take(): Executor;
  /** Gives up an executor that did not begin the job. */
  retire(executor: Executor, reason: string): void;
  /** The job is over; `left` says why its executor must not be used again, or is null. */
  settled(executor: Executor | null, left: string | null, call: JobCall): void;
}

/** One job on its way through an executor. */
export class Run implements RunningJob, ExecutorUser, Ending {
  readonly outcome: Promise<Outcome>;
  /** What the executor said of the job's end; kept while a stop or timeout is under way. */
  result: Outcome | null = null;
  heeds: boolean | null | undefined;
  readonly #call: JobCall;
  readonly #host: RunHost;
  #executor: Executor | null = null;
  #timer: NodeJS.Timeout | undefined;
  #refusals = 0;
  /** Why it is being ended, or null; `settled` when there is nothing left to end. */
  #ending: StopReason | 'timeout' | 'settled' | null = null;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (error: ForkError) => void;

  constructor(call: JobCall, host: RunHost) {
    this.#call = call;
    this.#host = host;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get pid(): number | null {
    return this.#executor?.pid ?? null;
  }

  get graceMs(): number {
    return this.#host.graceMs;
  }

  get finished(): boolean {
    return this.result !== null;
  }

  /** Takes an executor and gives it the job. */
  begin(): void {
    try {
      this.#giveTo(this.#host.take());
    } catch (error) {
      if (!(error instanceof ForkError)) throw error;
      this.#giveBack(error);
    }
  }

  stop(by: StopReason): void {
    if (this.#ending === 'settled') return;
    if (this.#ending === null) void this.#end(by);
    else if ((by === 'lost' || by === 'kill') && this.#executor) killSession(this.#executor.pid, 'SIGKILL');
  }

  onOutput(stream: StreamName, chunk: Buffer): void | Promise<void> {
    return this.#host.onOutput(this.#call, stream, chunk);
  }

  onMessage(message: FromExecutor): void {
    if (message.type === 'done') this.#done(message.outcome, message.left);
    else if (message.type === 'unfit') this.#again(message.why);
    else if (message.type === 'aborting') this.heeds = message.heeded;
    else if (message.type === 'request') void this.#answer(message.number, message.request);
    else this.#startClock();
  }

  onExit(exit: Exit): void {
    const executor = this.#executor;
    if (this.#ending !== null || !executor) return;
    // What the task started must not go on without it; and its last words may still be in the channel.
    killSession(executor.pid, 'SIGKILL');
    drain(executor, () => {
      if (this.#ending === null && this.#executor === executor) this.#lose(executor, exit);
    });
  }

  async #answer(number: number, request: TaskRequest): Promise<void> {
    const executor = this.#executor;
    try {
      const value = await this.#host.onRequest(this.#call, request);
      if (number > 0) executor?.send({ type: 'answer', number, value, error: null });
    } catch (error) {
      if (number > 0)
        executor?.send({ type: 'answer', number, value: '', error: error instanceof Error ? error.message : String(error) });
    }
  }

  #lose(executor: Executor, exit: Exit): void {
    if (__FAILPOINTS__) failpoint('executor.lost');
    if (executor.ready) this.#settle({ kind: 'failed', failure: { reason: describeExit(exit), trace: '' } }, 'it ended');
    else this.#giveBack(new ForkError(`an executor ended before it was ready (${exit.signal ?? `exit status ${exit.status}`})`));
  }

  #done(outcome: Outcome, left: string | null): void {
    this.result ??= outcome;
    if (this.#ending !== null) return;
    if (left !== null && this.#executor) killSession(this.#executor.pid, 'SIGKILL');
    this.#settle(outcome, left);
  }

  #giveTo(executor: Executor): void {
    this.#executor = executor;
    executor.user = this;
    executor.send({ type: 'run', call: this.#call });
    if (executor.ready) this.#startClock();
    else this.#timer = setTimeout(() => killSession(executor.pid, 'SIGKILL'), LONGEST_START_MS);
  }

  /** The executor did not begin the job: another one gets it. */
  #again(why: string): void {
    if (this.#ending !== null || !this.#executor) return;
    clearTimeout(this.#timer);
    this.#host.retire(this.#executor, why);
    if (++this.#refusals < MOST_REFUSALS) this.begin();
    else this.#giveBack(new ForkError(`${MOST_REFUSALS} executors in a row were unfit: ${why}`));
  }

  #startClock(): void {
    clearTimeout(this.#timer);
    if (this.#call.timeoutMs !== null && this.#ending === null) this.#wait(this.#call.timeoutMs);
  }

  #wait(leftMs: number): void {
    const nowMs = Math.min(leftMs, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (leftMs > nowMs) this.#wait(leftMs - nowMs);
      else void this.#end('timeout');
    }, nowMs);
  }

  async #end(cause: StopReason | 'timeout'): Promise<void> {
    const executor = this.#executor;
    if (!executor) return;
    this.#ending = cause;
    clearTimeout(this.#timer);
    if (cause === 'lost' || cause === 'kill' || !executor.ready) killSession(executor.pid, 'SIGKILL');
    else this.#askToAbort(executor);
    const killed = await endExecutor(executor, this);
    if (cause !== 'timeout') return this.#settle({ kind: 'stopped', by: cause }, 'its job was stopped');
    const trace = this.result?.kind === 'failed' ? this.result.failure.trace : '';
    const reason = describeTimeout(this.#call.timeoutMs ?? 0, killed);
    this.#settle({ kind: 'failed', failure: { reason, trace } }, 'its job ran into its timeout');
  }

  #askToAbort(executor: Executor): void {
    this.heeds = null;
    executor.send({ type: 'abort', executionId: this.#call.executionId });
  }

  #settle(outcome: Outcome, left: string | null): void {
    clearTimeout(this.#timer);
    this.#ending = 'settled';
    const executor = this.#executor;
    if (!executor) return;
    drain(executor, () => {
      executor.rest();
      this.#host.settled(executor, left, this.#call);
      this.#resolve(outcome);
    });
  }

  #giveBack(error: ForkError): void {
    clearTimeout(this.#timer);
    this.#ending = 'settled';
    this.#host.settled(null, null, this.#call);
    this.#executor?.abandon();
    this.#executor = null;
    this.#reject(error);
  }
}

/** Node starts within seconds even on a busy machine. */
const LONGEST_START_MS = 60_000;
/** An executor may refuse a job because of its past; a fresh one has none. */
const MOST_REFUSALS = 5;
/** What setTimeout can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

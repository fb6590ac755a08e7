import { failpoint } from '../failpoint.ts';
import { isWish, wishOf } from './again.ts';
import type { Cleanliness } from './cleanliness.ts';
import { JobContext, setContext } from './context.ts';
import { exitStatusOf } from './exit-status.ts';
import { describeThrown } from './failure.ts';
import type { TaskLoader } from './load.ts';
import type { TaskFunction } from './pick.ts';
import type { Failure, FromExecutor, JobCall, Outcome, Setup } from './protocol.ts';
import { keepResult } from './result.ts';

// Taken now: a task may replace them.
const { setTimeout, setImmediate } = globalThis;

/** What a {@link JobRunner} works with. */
export interface RunnerParts {
  readonly setup: Setup;
  readonly loader: TaskLoader;
  readonly cleanliness: Cleanliness;
  readonly send: (message: FromExecutor) => void;
}

/** Runs one job at a time and tells how each ended. */
export class JobRunner {
  readonly #parts: RunnerParts;
  #current: JobContext | null = null;
  /** Why no job can be run here any more. */
  #unfit: string | null = null;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  run(call: JobCall): void {
    const { loader, send } = this.#parts;
    const unfit = this.#unfit ?? loader.findChange(call.task);
    if (unfit === null) this.#begin(call);
    else send({ type: 'unfit', why: unfit });
  }

  answer(number: number, value: string, error: string | null): void {
    if (this.#current) JobContext.answer(this.#current, number, value, error);
  }

  abort(executionId: string): void {
    const context = this.#current;
    if (context?.execution !== executionId) return;
    // The answer goes first: what listens to the signal may block or throw.
    this.#parts.send({ type: 'aborting', heeded: JobContext.looked(context) });
    JobContext.abort(context);
  }

  /** Something went wrong outside of the task's own call. The process is not trusted with anything after that. */
  blowUp(failure: Failure): void {
    this.#unfit ??= failure.reason;
    if (this.#current) this.#report({ kind: 'failed', failure }, failure.reason);
    else this.#parts.send({ type: 'unfit', why: failure.reason });
  }

  #begin(call: JobCall): void {
    const context = new JobContext(call, this.#parts.send);
    this.#current = context;
    this.#parts.cleanliness.beginJob(call);
    setContext(context);
    void this.#perform(context, call);
  }

  async #perform(context: JobContext, call: JobCall): Promise<void> {
    const outcome = await this.#attempt(call);
    // A whole turn, since Node tells unhandled rejections only after all microtasks.
    setImmediate(() => this.#wrapUp(context, outcome, PATIENCE));
  }

  async #attempt(call: JobCall): Promise<Outcome> {
    const { loader, setup } = this.#parts;
    try {
      const task = loader.loaded(call.task) ?? (await loader.load(call.task, call.queue));
      if (__FAILPOINTS__) failpoint('task.loaded');
      const value = await apply(task, call);
      if (isWish(value)) throw value;
      if (__FAILPOINTS__) failpoint('task.returned');
      return { kind: 'finished', ...keepResult(value, setup.maxResultBytes) };
    } catch (error) {
      if (__FAILPOINTS__) failpoint('task.threw');
      const again = wishOf(error);
      const exitStatus = exitStatusOf(error);
      const failure = { ...describeThrown(error), ...(exitStatus !== null && { exitStatus }) };
      return { kind: 'failed', failure, ...(again && { again }) };
    }
  }

  #wrapUp(context: JobContext, outcome: Outcome, { turns, looks }: Patience): void {
    if (this.#current !== context) return;
    // Its timer is nothing that the job left behind.
    JobContext.close(context);
    const { loader, cleanliness } = this.#parts;
    const again = (patience: Patience) => {
      setImmediate(() => this.#wrapUp(context, outcome, patience));
    };
    const left = loader.broken ?? cleanliness.findLeftover();
    if (left === null || typeof left === 'string') this.#report(outcome, left);
    else if (loader.isPreparing) again({ turns, looks });
    else if (turns > 0) again({ turns: turns - 1, looks });
    else {
      const { text, isSure } = cleanliness.explain(left.passing);
      const isSeenTwice = isSure && looks < PATIENCE.looks;
      if (text === left.passing || isSeenTwice || looks === 0) this.#report(outcome, text);
      // In a turn of its own, where the timer is not open any more.
      else setTimeout(() => again({ turns: 0, looks: looks - 1 }), LOOK_AGAIN_MS);
    }
  }

  #report(outcome: Outcome, left: string | null): void {
    if (this.#current) JobContext.close(this.#current);
    this.#current = null;
    setContext(undefined);
    this.#parts.send({ type: 'done', outcome, left });
  }
}

/** What a job's end waits for before it tells of what is left open. */
interface Patience {
  /** Of the event loop, for handles that were closed just before the job's end. */
  readonly turns: number;
  /** At processes that may be about to end. */
  readonly looks: number;
}

const PATIENCE: Patience = { turns: 16, looks: 30 };
const LOOK_AGAIN_MS = 10;

/** Positional arguments, then one object if there are keyword arguments. */
function apply(task: TaskFunction, { args, kwargs }: JobCall): unknown {
  return hasAny(kwargs) ? task(...args, kwargs) : task(...args);
}

function hasAny(kwargs: JobCall['kwargs']): boolean {
  for (const _ in kwargs) return true;
  return false;
}

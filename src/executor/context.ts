import type { JobCall } from './protocol.ts';

/** Where a task finds the context of its job: on `globalThis`, under this symbol, while it runs; `rqt/task` reads it. */
export const JOB_CONTEXT = Symbol.for('rqt.job');

/** What a task may know of its job. */
export class JobContext {
  readonly id: string;
  readonly queue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly execution: string;
  #controller: AbortController | null = null;

  constructor(call: JobCall) {
    this.id = call.jobId;
    this.queue = call.queue;
    this.attempt = call.attempt;
    this.execution = call.executionId;
  }

  /** Aborts when the job is stopped or ran out of time. Who has looked at it is given the grace period to react. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Whether the task ever looked at its signal. */
  static looked(context: JobContext): boolean {
    return context.#controller !== null;
  }

  static abort(context: JobContext): void {
    context.#controller?.abort(new Error(`job ${context.id} is to end`));
  }
}

const place = globalThis as { [JOB_CONTEXT]?: JobContext | undefined };

/** Makes this the context of the job that runs now; undefined: none runs. */
export function setContext(context: JobContext | undefined): void {
  place[JOB_CONTEXT] = context;
}

/** How an execution left its job: for good, or on a queue again. `lost`: its lease was lost, another worker may run the job. */
export type Fate = 'finished' | 'failed' | 'stopped' | 'retried' | 'put back' | 'lost';

/** One execution that has ended in this worker, or a job that was given up here because its workers died. */
export interface EndedExecution {
  readonly id: string;
  readonly queue: string;
  /** As the job names it, or null: it cannot be read, or nothing of it was run here. */
  readonly task: string | null;
  readonly description: string;
  readonly worker: string;
  /** 1 for the first; 0 when nothing was run here. */
  readonly attempt: number;
  readonly fate: Fate;
  /** By this machine's clock, in epoch milliseconds. */
  readonly startedAt: number;
  /** As long after `startedAt` as it took, even if the clock was set meanwhile. */
  readonly endedAt: number;
  /** Why it did not finish, in one line, or null; not safe for a terminal. */
  readonly reason: string | null;
  /** The task's own stack, or ''. */
  readonly trace: string;
  /** Until it is tried again, or null. */
  readonly retryInMs: number | null;
}

/** Whether a job has ended badly for good: what a burst's exit status, `--fail-fast` and `--max-failures` count. */
export function isFailure({ fate }: Pick<EndedExecution, 'fate'>): boolean {
  return fate === 'failed' || fate === 'stopped';
}

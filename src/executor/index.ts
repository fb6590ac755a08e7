/** The parent side of the executor: what the worker uses. */
export { ForkError } from './executor.ts';
export { createPool, type ExecutorPool, type PoolOptions } from './pool.ts';
export type { Failure, JobCall, Outcome, StopReason, StreamName, TaskRequest } from './protocol.ts';
export type { RunningJob } from './run.ts';

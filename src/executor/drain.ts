import type { Executor } from './executor.ts';

/** A process that escaped its group may write for ever: its output is cut off after this time. */
const LONGEST_MS = 1_000;

/**
 * Calls `done` once everything that was written before now has been delivered.
 *
 * A job's bytes are in the kernel's buffers when its executor says `done` or has ended, and libuv's polling is level-triggered: a
 * whole pass of the event loop that brought no chunk proves that the buffers are empty. The first immediate only reaches
 * the end of the pass in which this is called, whose poll may be older than the last byte; so at least two are needed.
 */
export function drain(executor: Executor, done: () => void): void {
  setImmediate(pass, { executor, done, seen: -1, startedAt: 0 });
}

interface Drain {
  readonly executor: Executor;
  readonly done: () => void;
  seen: number;
  startedAt: number;
}

function pass(drain: Drain): void {
  const { executor } = drain;
  if (executor.held) {
    drain.seen = -1;
    void executor.held.then(() => setImmediate(pass, drain));
    return;
  }
  drain.startedAt ||= performance.now();
  if (drain.seen === executor.chunkCount || performance.now() - drain.startedAt > LONGEST_MS) {
    drain.done();
    return;
  }
  drain.seen = executor.chunkCount;
  setImmediate(pass, drain);
}

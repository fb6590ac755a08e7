import type { ExecutorPool, RunningJob, StopReason } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import type { ClaimedJob, Db, Doorbell, WorkerEntry } from '../store/index.ts';
import type { Capture } from './capture.ts';
import type { ConnectionWatch } from './connection-watch.ts';
import type { WorkerOptions } from './options.ts';

/** One registered worker: what its loop and its companions share. */
export interface Slot {
  readonly db: Db;
  readonly options: WorkerOptions;
  readonly entry: WorkerEntry;
  readonly pool: ExecutorPool;
  readonly doorbell: Doorbell;
  /** What runs now, or null. */
  running: Running | null;
  /** A job was claimed and its end is not kept yet. */
  holdsJob: boolean;
  /** The job whose task has ended while Redis does not know it yet, or null. */
  unkept: string | null;
  readonly connection: ConnectionWatch;
  /** The worker ends without waiting for Redis. */
  abandoned: boolean;
  /** Aborted with the first request to stop. */
  readonly stopAsked: AbortController;
  /** What the worker was asked for. `cold` implies `warm`. */
  asked: 'nothing' | 'warm' | 'cold';
  /** The signal that asked, or null when a message did. */
  signal: NodeJS.Signals | null;
  /** Jobs of its queues have ended without their worker, and their callbacks are due: heard of, or seen in a sweep. */
  hasDueCallbacks: boolean;
  /** Leases had lapsed when it last swept: until when their workers may still be heard, as {@link performance.now}; null: none had. */
  overdueUntil: number | null;
}

/** A job in its executor. */
export interface Running {
  readonly job: ClaimedJob;
  readonly executor: RunningJob;
  readonly capture: Capture;
}

/** Something that goes on beside the loop. */
export interface Companion {
  stop(): void | Promise<void>;
}

/** Ends the running job, if there is one. */
export function stopRunning(slot: Slot, by: StopReason): void {
  slot.running?.executor.stop(by);
}

/** The first call finishes the running job and stops, a second one stops at once. */
export function askToStop(slot: Slot, how: 'warm' | 'cold'): void {
  if (slot.asked === 'nothing') slot.options.log({ event: 'warm_shutdown', worker: slot.entry.name, pid: process.pid });
  if (how === 'cold' && slot.asked !== 'cold') slot.options.log({ event: 'cold_shutdown', worker: slot.entry.name });
  slot.asked = how === 'cold' || slot.asked === 'cold' ? 'cold' : 'warm';
  // The job of a run is nobody else's: it is stopped, not put back.
  if (slot.asked === 'cold') stopRunning(slot, slot.options.stopsAtOnce ? 'stop' : 'cold');
  if (__FAILPOINTS__) failpoint('worker.stopping');
  slot.stopAsked.abort();
  slot.doorbell.ring();
}

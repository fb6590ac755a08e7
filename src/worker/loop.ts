import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, type ClaimRequest, claim, register } from '../store/index.ts';
import { runDueCallbacks } from './due-callbacks.ts';
import type { WorkerEnd } from './options.ts';
import { untilDone } from './patience.ts';
import { createQueueOrder, type QueueOrder } from './queue-order.ts';
import { type NextRequest, runJob } from './run-job.ts';
import { runDue, SHORTEST_WAIT_MS } from './scheduler.ts';
import { leftToCome } from './settled.ts';
import type { Shift } from './shift.ts';
import type { Slot } from './slot.ts';
import { overdueInMs, sweepNeighbours, sweepQueues } from './sweeper.ts';

/** How often a suspended worker looks whether it may go on; RQ's interval. */
const SUSPENDED_LOOK_MS = 1000;

/** The worker's work: claim, run, settle, repeat, until there is a reason to end. */
export async function loop(slot: Slot, shift: Shift): Promise<WorkerEnd['why']> {
  const { options } = slot;
  const order = createQueueOrder(options);
  let suspended = false;
  let nextDueInMs: number | null = null;
  const request: NextRequest = outcome => {
    const mayEndAll = outcome !== 'finished' && shift.countsFailures;
    const mayGoOn = slot.asked === 'nothing' && !slot.hasDueCallbacks && !mayEndAll;
    return mayGoOn && shift.takePlace() ? requestOf(slot, order) : null;
  };

  let next: Claim | null = null;
  for (;;) {
    if (slot.asked !== 'nothing' && next?.kind !== 'claimed') return shift.hasFailed ? 'failures' : 'stopped';
    if (next === null && slot.hasDueCallbacks) {
      if (!(await runDueCallbacks(slot, shift, () => requestOf(slot, order)))) await untilExecutorsStart(slot);
      // It may have been asked to stop meanwhile.
      continue;
    }
    next ??= await claimNext(slot, shift, order);
    if (next === null) return shift.hasFailed ? 'failures' : slot.asked === 'nothing' ? 'max_jobs' : 'stopped';
    if (next.kind === 'suspended' && !suspended) {
      options.log({ event: 'suspended', worker: slot.entry.name, queues: next.queues });
    } else if (next.kind !== 'suspended' && suspended) {
      options.log({ event: 'resumed', worker: slot.entry.name });
    }
    suspended = next.kind === 'suspended';
    switch (next.kind) {
      case 'claimed': {
        const { job } = next;
        shift.begin(slot);
        order.took(job.queue);
        const result = await runJob(slot, job, request);
        next = result.next;
        const hasNext = next?.kind === 'claimed';
        if (next && !hasNext) shift.leavePlace();
        shift.end(slot, { hasNext, hasRun: result.ended !== null });
        if (result.ended) shift.settled(result.ended);
        if (result.ended === null) await untilExecutorsStart(slot);
        break;
      }
      case 'unregistered':
        await untilDone(
          slot,
          () => register(slot.db, slot.entry, true),
          () => {},
        );
        next = null;
        break;
      case 'suspended':
        if (options.burst) return 'suspended';
        next = null;
        await pause(slot, SUSPENDED_LOOK_MS);
        break;
      case 'none': {
        next = null;
        await sweepQueues(slot, shift);
        if (options.burst) await sweepNeighbours(slot, shift);
        nextDueInMs = (await runDue(slot)).nextDueInMs;
        if (slot.hasDueCallbacks) break;
        if (options.burst) {
          next = await claimNext(slot, shift, order);
          if (next?.kind !== 'none') break;
          next = null;
          if (shift.isWorking) {
            await slot.doorbell.wait(waitMs(nextDueInMs, null));
            break;
          }
          const left = await untilDone(
            slot,
            () => leftToCome(slot, shift),
            reason => options.log({ event: 'warning', text: `what is left cannot be seen now, trying again: ${reason}` }),
          );
          const lookAgainMs = left.kind === 'something' ? left.lookAgainMs : overdueInMs(slot);
          // The job of a worker that may be dead is waited for: if nobody is heard, it is left to be done.
          if (left.kind === 'unsettled' || lookAgainMs === null) return left.kind === 'unsettled' ? 'unsettled' : 'done';
          await slot.doorbell.wait(waitMs(nextDueInMs, lookAgainMs));
          break;
        }
        if (options.maxIdleMs !== null && shift.idleMs >= options.maxIdleMs) return 'idle';
        const idleLeftMs = options.maxIdleMs && options.maxIdleMs - shift.idleMs;
        await slot.doorbell.wait(Math.min(waitMs(nextDueInMs, idleLeftMs), overdueInMs(slot) ?? LONGEST_WAIT_MS));
      }
    }
  }
}

const LONGEST_WAIT_MS = 300_000;

/** How long to wait for a job: until something is due, or the worker was idle for too long. */
function waitMs(nextDueInMs: number | null, idleLeftMs: number | null): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, nextDueInMs ?? LONGEST_WAIT_MS), idleLeftMs ?? LONGEST_WAIT_MS);
}

/** Claims a job, however long Redis takes; null: no further job may be started here. */
async function claimNext(slot: Slot, shift: Shift, order: QueueOrder): Promise<Claim | null> {
  while (!shift.takePlace()) {
    if (shift.isFull || shift.hasFailed || slot.asked !== 'nothing') return null;
    // Other slots may be about to start the last ones.
    await sleep(SHORTEST_WAIT_MS);
  }
  const request = requestOf(slot, order);
  const found = await untilDone(
    slot,
    () => claim(slot.db, request),
    reason => slot.options.log({ event: 'warning', text: `no job can be taken now, trying again: ${reason}` }),
  );
  if (found.kind !== 'claimed') shift.leavePlace();
  return found;
}

function requestOf({ entry, options }: Slot, order: QueueOrder): ClaimRequest {
  return {
    worker: entry.name,
    execution: crypto.randomUUID().replaceAll('-', ''),
    leaseMs: options.leaseMs,
    queues: order.next(),
  };
}

const FIRST_START_PAUSE_MS = 100;
const LONGEST_START_PAUSE_MS = 10_000;

/** Takes no job before there is an executor for it, so that others can take it meanwhile. Ends when the worker is asked to stop. */
async function untilExecutorsStart(slot: Slot): Promise<void> {
  for (let pauseMs = FIRST_START_PAUSE_MS; slot.asked === 'nothing'; pauseMs = Math.min(2 * pauseMs, LONGEST_START_PAUSE_MS)) {
    await pause(slot, pauseMs);
    if (slot.asked !== 'nothing' || !(await slot.pool.canStart())) continue;
    slot.options.log({ event: 'note', text: 'executors can be started again' });
    return;
  }
}

/** A pause that a stop request ends. */
async function pause(slot: Slot, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (slot.asked === 'nothing' && performance.now() < until) await sleep(Math.min(50, until - performance.now()));
}

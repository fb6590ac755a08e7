import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, type ClaimRequest, claim, register } from '../store/index.ts';
import type { WorkerEnd, WorkerOptions } from './options.ts';
import { untilDone } from './patience.ts';
import { runJob } from './run-job.ts';
import { runDue, SHORTEST_WAIT_MS } from './scheduler.ts';
import { leftToCome } from './settled.ts';
import type { Shift } from './shift.ts';
import type { Slot } from './slot.ts';
import { buryNeighbours, sweepQueues } from './sweeper.ts';

/** How often a suspended worker looks whether it may go on; RQ's interval. */
const SUSPENDED_LOOK_MS = 1000;

/** The worker's work: claim, run, settle, repeat, until there is a reason to end. */
export async function loop(slot: Slot, shift: Shift): Promise<WorkerEnd['why']> {
  const { options } = slot;
  const { tally } = shift;
  let suspended = false;
  let idleSince = Date.now();
  let unforkedPauseMs = 100;
  let nextDueInMs: number | null = null;
  const mayStart = () => slot.asked === 'nothing' && (options.maxJobs === null || shift.started < options.maxJobs);
  const request = () => (mayStart() ? requestOf(slot) : null);

  let next: Claim | null = null;
  for (;;) {
    if (slot.asked !== 'nothing' && next?.kind !== 'claimed') return 'stopped';
    if (options.maxJobs !== null && shift.started >= options.maxJobs && next?.kind !== 'claimed') return 'max_jobs';
    next ??= await claimPatiently(slot);
    if (suspended !== (next.kind === 'suspended')) {
      suspended = !suspended;
      options.log({ event: suspended ? 'suspended' : 'resumed', worker: slot.entry.name });
    }
    switch (next.kind) {
      case 'claimed': {
        shift.started += 1;
        const { job } = next;
        slot.holdsJob = true;
        const result = await runJob(slot, job, request);
        slot.holdsJob = false;
        tally.add(job.id, result.fate);
        next = result.next;
        idleSince = Date.now();
        if (result.fate === 'unforked') {
          await sleep(unforkedPauseMs);
          unforkedPauseMs = Math.min(unforkedPauseMs * 2, 10_000);
          shift.started -= 1;
        } else unforkedPauseMs = 100;
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
      case 'none':
        next = null;
        tally.giveUp(await sweepQueues(slot));
        nextDueInMs = options.schedules ? await runDue(slot) : null;
        if (options.burst) {
          tally.giveUp(await buryNeighbours(slot));
          next = await claimPatiently(slot);
          if (next.kind !== 'none') break;
          next = null;
          const left = await leftToCome(slot, shift);
          if (left.kind !== 'something') return left.kind;
          await slot.doorbell.wait(waitMs(nextDueInMs, left.lookAgainMs));
          break;
        }
        if (options.maxIdleMs !== null && Date.now() - idleSince >= options.maxIdleMs) return 'idle';
        await slot.doorbell.wait(waitMs(nextDueInMs, options.maxIdleMs && options.maxIdleMs - (Date.now() - idleSince)));
    }
  }
}

const LONGEST_WAIT_MS = 300_000;

/** How long to wait for a job: until something is due, or the worker was idle for too long. */
function waitMs(nextDueInMs: number | null, idleLeftMs: number | null): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, nextDueInMs ?? LONGEST_WAIT_MS), idleLeftMs ?? LONGEST_WAIT_MS);
}

function claimPatiently(slot: Slot): Promise<Claim> {
  const request = requestOf(slot);
  return untilDone(
    slot,
    () => claim(slot.db, request),
    reason => slot.options.log({ event: 'warning', text: `no job can be taken now, trying again: ${reason}` }),
  );
}

let turn = 0;

function requestOf({ entry, options }: Slot): ClaimRequest {
  return {
    worker: entry.name,
    execution: crypto.randomUUID().replaceAll('-', ''),
    leaseMs: options.leaseMs,
    queues: inOrder(options),
  };
}

/** The queues in the order of this claim. */
function inOrder({ queues, dequeueStrategy }: WorkerOptions): readonly string[] {
  if (dequeueStrategy === 'default' || queues.length < 2) return queues;
  if (dequeueStrategy === 'random')
    return queues
      .map(queue => ({ queue, key: Math.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ queue }) => queue);
  turn = (turn + 1) % queues.length;
  return [...queues.slice(turn), ...queues.slice(0, turn)];
}

/** A pause that a stop request ends. */
async function pause(slot: Slot, ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (slot.asked === 'nothing' && Date.now() < until) await sleep(Math.min(50, until - Date.now()));
}

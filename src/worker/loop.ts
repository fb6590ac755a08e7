import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, type ClaimRequest, claim, register } from '../store/index.ts';
import type { WorkerEnd } from './options.ts';
import { untilDone } from './patience.ts';
import { runJob } from './run-job.ts';
import { runDue, SHORTEST_WAIT_MS } from './scheduler.ts';
import type { Slot } from './slot.ts';
import { buryNeighbours, sweepQueues } from './sweeper.ts';
import type { Tally } from './tally.ts';

/** How often a suspended worker looks whether it may go on; RQ's interval. */
const SUSPENDED_LOOK_MS = 1000;

/** The worker's work: claim, run, settle, repeat, until there is a reason to end. */
export async function loop(slot: Slot, tally: Tally): Promise<WorkerEnd['why']> {
  const { options } = slot;
  let started = 0;
  let suspended = false;
  let idleSince = Date.now();
  let unforkedPauseMs = 100;
  let nextDueInMs: number | null = null;
  const mayStart = () => slot.asked === 'nothing' && (options.maxJobs === null || started < options.maxJobs);
  const request = () => (mayStart() ? requestOf(slot) : null);

  let next: Claim | null = null;
  for (;;) {
    if (slot.asked !== 'nothing' && next?.kind !== 'claimed') return 'stopped';
    if (options.maxJobs !== null && started >= options.maxJobs && next?.kind !== 'claimed') return 'max_jobs';
    next ??= await claimPatiently(slot);
    if (suspended !== (next.kind === 'suspended')) {
      suspended = !suspended;
      options.log({ event: suspended ? 'suspended' : 'resumed', worker: slot.entry.name });
    }
    switch (next.kind) {
      case 'claimed': {
        started += 1;
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
          started -= 1;
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
        nextDueInMs = await runDue(slot);
        if (options.burst) {
          tally.giveUp(await buryNeighbours(slot));
          next = await claimPatiently(slot);
          if (next.kind === 'none') return 'done';
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

function requestOf({ entry, options }: Slot): ClaimRequest {
  return {
    worker: entry.name,
    execution: crypto.randomUUID().replaceAll('-', ''),
    leaseMs: options.leaseMs,
    queues: options.queues,
  };
}

/** A pause that a stop request ends. */
async function pause(slot: Slot, ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (slot.asked === 'nothing' && Date.now() < until) await sleep(Math.min(50, until - Date.now()));
}

import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '../failpoint.ts';
import type { Executor } from './executor.ts';
import { listProcesses } from './processes.ts';

/** Sends a signal to the process group of an executor. Says whether there was one. */
export function killGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: there is one, and none of it may be signalled by us (it changed its user).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Sends a signal to the group and to what left the group but not the session (a shell's background jobs under `set -m`). */
export function killSession(pid: number, signal: NodeJS.Signals): void {
  killGroup(pid, signal);
  for (const { pid: member, session, group } of listProcesses()) {
    if (session === pid && group !== pid) killOne(member, signal);
  }
}

/** What {@link endExecutor} looks at while it waits. */
export interface Ending {
  readonly graceMs: number;
  /** The task has come to its end by itself. */
  readonly finished: boolean;
  /** Whether the task heeds its abort; null: no answer (yet); undefined: it was not asked. */
  readonly heeds: boolean | null | undefined;
}

// A running event loop answers an abort at once; one that is blocked never does.
const ANSWER_MS = 250;
const LOOK_AGAIN_MS = 10;

/**
 * Ends an executor and all that it started: waits for a task that heeds its abort, then SIGTERM, then SIGKILL, with the
 * grace period between them. Returns whether something was left for the SIGKILL.
 */
export async function endExecutor(executor: Executor, job: Ending): Promise<boolean> {
  const isOver = () => job.finished || executor.exit !== null;
  if (job.heeds !== undefined) {
    await holds(() => isOver() || job.heeds !== null, Math.min(ANSWER_MS, job.graceMs));
    if (job.heeds) await holds(isOver, job.graceMs);
  }
  let ended = isOver();
  if (!ended) {
    killGroup(executor.pid, 'SIGTERM');
    ended = await holds(() => job.finished || isGone(executor), job.graceMs);
  }
  if (__FAILPOINTS__) failpoint('executor.ending');
  killSession(executor.pid, 'SIGKILL');
  await executor.exited;
  return !ended;
}

/** Waits until `condition` holds, at most `limitMs`; says whether it does. */
async function holds(condition: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(LOOK_AGAIN_MS, leftMs));
  }
  return true;
}

/** The executor has ended, and nothing of its group runs. In a container without an init, ended ones stay as zombies. */
function isGone(executor: Executor): boolean {
  if (executor.exit === null) return false;
  if (!killGroup(executor.pid, 0)) return true;
  const all = listProcesses();
  return all.length > 0 && !all.some(({ group }) => group === executor.pid);
}

function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

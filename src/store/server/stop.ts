/**
 * Stopping the private server.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketPath } from '../../config.ts';
import { RqtError } from '../../errors.ts';
import { ask, type Reply } from './ask.ts';
import { lockPath, logPath } from './home.ts';
import { tryLock } from './lock.ts';
import { markStopped, unmarkStopped } from './stopped.ts';

/**
 * Ends the server that lives in `home` and waits until its process is gone; its data stay. Returns whether one was running.
 * Workers that lose it leave it stopped. A server that is just starting is waited for and stopped.
 * @throws RqtError `unreachable` when it does not end within `deadlineMs`.
 */
export async function stopServer(home: string, { deadlineMs = 60_000 }: { readonly deadlineMs?: number } = {}): Promise<boolean> {
  if (!existsSync(lockPath(home))) return false;
  try {
    return await shutDown(home, performance.now() + deadlineMs);
  } catch (error) {
    unmarkStopped(home);
    throw error;
  }
}

async function shutDown(home: string, deadline: number): Promise<boolean> {
  for (let wasRunning = false; ; ) {
    // Each time: a command that starts the server meanwhile has removed the mark.
    markStopped(home);
    if (isFree(home)) return wasRunning;
    const left = deadline - performance.now();
    if (left <= 0) throw new RqtError('unreachable', `the private Redis in ${home} does not stop: see ${logPath(home)}`);
    const reply = await ask(socketPath(home), 'SHUTDOWN', left);
    wasRunning ||= reply.kind === 'closed';
    if (reply.kind === 'error') throw refusal(home, reply);
    await sleep(5);
  }
}

/** Nobody holds the lock: the kernel says so, where a process id may be another's, or a zombie's. */
function isFree(home: string): boolean {
  const lock = tryLock(home);
  lock?.release();
  return lock !== null;
}

function refusal(home: string, { text }: Reply & { kind: 'error' }): RqtError {
  return new RqtError('tryAgain', `the private Redis in ${home} refuses to stop: ${text}; see ${logPath(home)}`);
}

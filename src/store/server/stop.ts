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

/**
 * Ends the server that lives in `home` and waits until its process is gone; its data stay. Returns whether one was running.
 * A server that is just starting is waited for and stopped.
 * @throws RqtError `unreachable` when it does not end within `deadlineMs`.
 */
export async function stopServer(home: string, { deadlineMs = 60_000 }: { readonly deadlineMs?: number } = {}): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  let wasRunning = false;
  while (!isFree(home)) {
    const left = deadline - performance.now();
    if (left <= 0) throw new RqtError('unreachable', `the private Redis in ${home} does not stop: see ${logPath(home)}`);
    const reply = await ask(socketPath(home), 'SHUTDOWN', left);
    wasRunning ||= reply.kind === 'closed';
    if (reply.kind === 'error') throw refusal(home, reply);
    await sleep(5);
  }
  return wasRunning;
}

/** Nobody holds the lock: the kernel says so, where a process id may be another's, or a zombie's. */
function isFree(home: string): boolean {
  if (!existsSync(lockPath(home))) return true;
  const lock = tryLock(home);
  lock?.release();
  return lock !== null;
}

function refusal(home: string, { text }: Reply & { kind: 'error' }): RqtError {
  return new RqtError('tryAgain', `the private Redis in ${home} refuses to stop: ${text}; see ${logPath(home)}`);
}

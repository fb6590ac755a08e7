/**
 * The mark of a server that somebody stopped on purpose: workers that lose it do not start it again, the next command does.
 */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';
import { lockPath } from './home.ts';

const markPath = (home: string): string => join(home, 'redis.stopped');

/** Before the server is told to end, so that whoever loses it finds the mark. A full disk is no reason not to stop it. */
export function markStopped(home: string): void {
  try {
    closeSync(openSync(markPath(home), 'a', 0o600));
  } catch {
    // Then a worker may start it again.
  }
}

/** Somebody wants the server again. */
export function unmarkStopped(home: string): void {
  rmSync(markPath(home), { force: true });
}

/** Refuses to start again what was stopped or removed on purpose. @throws RqtError `tryAgain` */
export function refuseRevival(home: string): void {
  const what = existsSync(markPath(home))
    ? `the private Redis in ${home} was stopped with rqt redis stop`
    : existsSync(lockPath(home))
      ? null
      : `the private Redis was removed with its directory ${home}`;
  if (what !== null) throw new RqtError('tryAgain', `${what}: going on when any rqt command starts it again`);
}

/**
 * Starting the private server on demand.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fsync, socketPath } from '../../config.ts';
import { RqtError } from '../../errors.ts';
import { failpoint } from '../../failpoint.ts';
import { ask, type Reply } from './ask.ts';
import { isOfFolder, logPath, prepareHome, unusable } from './home.ts';
import { type Launched, launch } from './launch.ts';
import { type Lock, tryLock } from './lock.ts';
import { findServerProgram } from './program.ts';
import { refuseRevival, unmarkStopped } from './stopped.ts';

/** How to start a server. */
interface StartOptions {
  /** Default `always`. A server that already runs keeps its own. */
  readonly fsync?: Fsync;
  /** Where to look for the program; default PATH. */
  readonly searchPath?: string;
  /** How long to wait for a server that lives but does not answer yet; default a minute. */
  readonly deadlineMs?: number;
  /** It ran before and was lost: not started again when somebody stopped it on purpose, or removed it. */
  readonly isRevival?: boolean;
  /** Ends the waiting: the caller does not want it any more. */
  readonly signal?: AbortSignal;
}

/**
 * Returns the socket of the server in `home` once that answers; starts it if nobody has. Safe to call from any number of processes at
 * once. A caller on the hot path connects to {@link socketPath} first and comes here only when nobody listens.
 * @throws RqtError `unreachable` when there is no server program or it does not come up, `brokenServer` when its data or settings keep it
 * from starting, `tryAgain` when it still loads its data at the deadline or is not to be revived, `config` when the folder cannot be used.
 */
export async function startServer(
  home: string,
  { fsync = 'always', searchPath = process.env.PATH ?? '', deadlineMs = 60_000, isRevival = false, signal }: StartOptions = {},
): Promise<string> {
  if (isRevival) refuseRevival(home);
  prepareHome(home);
  const socket = socketPath(home);
  const deadline = performance.now() + deadlineMs;
  let launched: Launched | undefined;
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    const reply = await ask(socket, 'PING');
    if (__FAILPOINTS__ && isUp(reply)) failpoint('server.answers');
    if (isUp(reply)) return socket;
    signal?.throwIfAborted();
    const end = launched?.ended();
    if (end?.kind === 'broken') throw end.error;
    if (end) launched = undefined;
    if (performance.now() > deadline) throw lateError(home, reply, deadlineMs);
    if (reply.kind === 'absent') launched ??= launchAlone();
    await sleep(pauseMs);
  }

  function launchAlone(): Launched | undefined {
    const program = findServerProgram(searchPath);
    const lock = lockOrExplain(home);
    if (!lock) return undefined;
    if (__FAILPOINTS__) failpoint('server.locked');
    try {
      if (isRevival) refuseRevival(home);
      else unmarkStopped(home);
      return launch({ program, home, fsync, lock });
    } catch (error) {
      throw isOfFolder(error) ? unusable(home, error) : error;
    } finally {
      if (__FAILPOINTS__) failpoint('server.launched');
      lock.release();
    }
  }
}

/** A folder that cannot be written to is told as that. */
function lockOrExplain(home: string): Lock | null {
  try {
    return tryLock(home);
  } catch (error) {
    throw isOfFolder(error) ? unusable(home, error) : error;
  }
}

/** Any answer but LOADING is one of a server at work, even an error such as BUSY. */
function isUp(reply: Reply): boolean {
  return reply.kind === 'text' || (reply.kind === 'error' && reply.code !== 'LOADING');
}

function lateError(home: string, reply: Reply, deadlineMs: number): RqtError {
  const waited = `after ${Math.round(deadlineMs / 1000)} s`;
  if (reply.kind === 'error')
    return new RqtError('tryAgain', `the private Redis in ${home} is still loading its data ${waited}: try again later`);
  return new RqtError('unreachable', `the private Redis in ${home} does not answer ${waited}: see ${logPath(home)}`);
}

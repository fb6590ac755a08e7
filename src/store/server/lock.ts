/**
 * The lock that lets one server at a time live in a folder.
 *
 * It is the kernel's own (flock) on an open file that the server inherits: it is held exactly as long as the starter or the server
 * lives, whatever ends them, so there is nothing stale to detect. A second server must never start: it would unlink the socket of the
 * first and write into the same append-only file.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { RqtError } from '../../errors.ts';
import { lockPath } from './home.ts';

/** A held lock; whoever inherits `fd` holds it too. */
export interface Lock {
  readonly fd: number;
  /** Gives up this process's share. */
  release(): void;
}

/**
 * Takes the lock of a folder, or null if a server (or someone who is just starting or looking for one) has it.
 * @throws RqtError `unreachable` where the system has no means to lock.
 */
export function tryLock(home: string): Lock | null {
  const fd = process.platform === 'linux' ? lockWithProgram(home) : lockOnOpen(home);
  return fd === null ? null : { fd, release: () => closeSync(fd) };
}

/** Node has no flock call; the program locks the open file it is handed, which is this process's own. */
function lockWithProgram(home: string): number | null {
  const fd = openSync(lockPath(home), 'a', 0o600);
  const { status, error } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (status === 0) return fd;
  closeSync(fd);
  if (status === 1) return null;
  const reason = error ? error.message : `it ended with ${status}`;
  throw new RqtError(
    'unreachable',
    `starting the private Redis needs the program flock (package util-linux): ${reason}. Install it, or set RQT_REDIS_URL to a Redis`,
    { cause: error },
  );
}

/** open(2) of macOS and BSD: O_EXLOCK, which Node has no name for, locks as flock does. */
const O_EXLOCK = 0x20;

function lockOnOpen(home: string): number | null {
  try {
    return openSync(lockPath(home), constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null;
    throw error;
  }
}

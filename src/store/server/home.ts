/**
 * The folder of the private server.
 */
import { chmodSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';

/** The lock of {@link tryLock}; an empty file that stays. */
export const lockPath = (home: string): string => join(home, 'redis.lock');

/** What the server printed. */
export const logPath = (home: string): string => join(home, 'redis.log');

/**
 * Makes the folder, or takes it as it is if it is this user's own; nobody else may enter it.
 * @throws RqtError `config` where that cannot be.
 */
export function prepareHome(home: string): void {
  const stats = makeFolder(home);
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) {
    throw new RqtError(
      'config',
      `${home} belongs to user ${stats.uid} and this is user ${user}: set RQT_HOME to a directory of your own, or RQT_REDIS_URL to a Redis`,
    );
  }
  if (stats.mode & 0o077) chmodSync(home, 0o700);
}

function makeFolder(home: string): Stats {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return statSync(home);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot make the directory ${home} for the private Redis: ${reason}. Set RQT_HOME to another one, or RQT_REDIS_URL to a Redis`;
    throw new RqtError('config', message, { cause: error });
  }
}

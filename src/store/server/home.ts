/**
 * The folder of the private server.
 */
import { chmodSync, existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';
import { makeFolders } from '../../folders.ts';

/** The lock of {@link tryLock}; an empty file that stays. */
export const lockPath = (home: string): string => join(home, 'redis.lock');

/** What the server printed. */
export const logPath = (home: string): string => join(home, 'redis.log');

/**
 * Makes the folder, or takes it if it is this user's own; nobody else may enter it. One that others may enter and that holds something is
 * not closed to them, unless it has been rqt's before: it may be /tmp.
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
  if (stats.mode & 0o077) close(home);
}

function close(home: string): void {
  try {
    if (readdirSync(home).length > 0 && !existsSync(lockPath(home))) {
      throw new Error(
        `others may enter it (mode ${(statSync(home).mode & 0o7777).toString(8)}), and it holds more than rqt's own files`,
      );
    }
    chmodSync(home, 0o700);
  } catch (error) {
    throw unusable(home, error);
  }
}

function makeFolder(home: string): Stats {
  try {
    makeFolders(home);
    return statSync(home);
  } catch (error) {
    throw unusable(home, error);
  }
}

/** The folder, why it cannot be used, what to do. */
export function unusable(home: string, error: unknown): RqtError {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `the directory ${home} of the private Redis cannot be used: ${reason}. Set RQT_HOME to another one, or RQT_REDIS_URL to a Redis`;
  return new RqtError('config', message, { cause: error });
}

/** Whether what the file system says is about the folder, or the way to it, and not about a server in it. */
export function isOfFolder(error: unknown): boolean {
  return error instanceof Error && 'code' in error && OF_FOLDER.has(String(error.code));
}

const OF_FOLDER = new Set(['ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ELOOP']);

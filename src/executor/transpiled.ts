import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../folders.ts';

/**
 * Where transpiled tasks are kept: a folder that only this user can write to, since what is in it is run. (The loader's own
 * default can be a folder in /tmp that anyone may have made.) False: keep nothing.
 */
export function cacheFolder(): string | false {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rqt', 'transpiled');
  try {
    makeFolders(folder);
    const { uid, mode } = statSync(folder);
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? folder : false;
  } catch {
    return false;
  }
}

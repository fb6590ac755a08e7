import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RqtError } from '../../errors.ts';

/** Where tasks are looked up. Roots that were named must exist; the default ones, `.` and `./tasks`, need not. */
export function readRoots(paths: readonly string[]): string[] {
  if (paths.length === 0) return [process.cwd(), resolve('tasks')];
  for (const path of paths) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new RqtError('missing', `--path ${path}: there is no such directory`);
  }
  return paths.map(path => resolve(path));
}

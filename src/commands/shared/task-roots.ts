import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RqtError } from '../../errors.ts';

/**
 * Where tasks are looked up: each folder that was named, else the working directory, and its `tasks`. Those that were named must exist.
 * @throws RqtError `missing`
 */
export function readRoots(paths: readonly string[]): string[] {
  const here = workingDirectory();
  for (const path of paths) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new RqtError('missing', `--path ${path}: there is no such directory`);
  }
  const folders = paths.length > 0 ? paths : [here];
  return [...new Set(folders.flatMap(folder => [resolve(folder), resolve(folder, 'tasks')]))];
}

/** No executor starts where there is none, whatever the roots are. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new RqtError('missing', 'the working directory is gone (a deploy may have replaced it): cd to one that there is', {
      cause,
    });
  }
}

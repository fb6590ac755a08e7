/**
 * Where configuration is looked for. Every command asks this, so that it is a handful of stat calls and nothing else.
 */
import { type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** A file to read. `namedBy`: the flag or variable that names it, or null for one that was found. */
export interface ConfigFile {
  readonly path: string;
  readonly namedBy: '--config' | 'RQT_CONFIG' | null;
}

type Env = Readonly<Record<string, string | undefined>>;

const FILE_NAME = 'rqt.toml';

/** Names no file, as in git's GIT_CONFIG_GLOBAL: not worth loading a parser for. */
const NO_FILE = '/dev/null';

/** The files that hold, the nearest first: the one that was named, else the nearest upwards from `cwd` and the user's own. */
export function findFiles(env: Env, flag: string | undefined, cwd: string | null): ConfigFile[] {
  const named = flag ?? env.RQT_CONFIG;
  if (named === NO_FILE) return [];
  if (flag !== undefined || named) {
    return [{ path: resolve(cwd ?? '/', named ?? ''), namedBy: flag === undefined ? 'RQT_CONFIG' : '--config' }];
  }
  const candidates = [cwd === null ? null : nearestUpwards(cwd), ofUser(env)];
  const paths = new Set(candidates.filter(path => path !== null));
  return [...paths].map(path => ({ path, namedBy: null }));
}

/** The working directory, or null for one that was deleted. */
export function workingDirectory(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

function nearestUpwards(cwd: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, FILE_NAME);
    if (exists(path)) return path;
    if (folder === dirname(folder)) return null;
  }
}

/** A relative XDG_CONFIG_HOME is ignored, as the XDG base directory specification asks. */
function ofUser(env: Env): string | null {
  const home = env.HOME || homeOfUser();
  const folder = env.XDG_CONFIG_HOME && isAbsolute(env.XDG_CONFIG_HOME) ? env.XDG_CONFIG_HOME : join(home, '.config');
  const path = join(folder, 'rqt', FILE_NAME);
  return isAbsolute(path) && exists(path) ? path : null;
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '';
  }
}

/** What is there but cannot be read is for the reader to refuse; what is in a folder that cannot be entered is not there. */
function exists(path: string): boolean {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ELOOP';
  }
  return stats !== undefined;
}

/**
 * Finding the server program, and how to get one.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';

/**
 * The path of redis-server, else of valkey-server.
 * @param searchPath as in PATH.
 * @throws RqtError `unreachable` when there is neither, with how to install one here.
 */
export function findServerProgram(searchPath: string): string {
  const found = findProgram('redis-server', searchPath) ?? findProgram('valkey-server', searchPath);
  if (found) return found;
  throw new RqtError(
    'unreachable',
    `no redis-server or valkey-server found on PATH: ${installHint(searchPath)}, or set RQT_REDIS_URL to a Redis that runs`,
  );
}

const INSTALL = {
  'apt-get': 'apt-get install redis-server',
  dnf: 'dnf install redis (or valkey)',
  apk: 'apk add redis',
  brew: 'brew install redis',
} as const;

function installHint(searchPath: string): string {
  for (const [manager, command] of Object.entries(INSTALL)) {
    if (!findProgram(manager, searchPath)) continue;
    const needsRoot = manager !== 'brew' && process.getuid?.() !== 0;
    return `install one with: ${needsRoot ? 'sudo ' : ''}${command}`;
  }
  return 'install one of them';
}

/** cron's PATH has not the folders that Homebrew installs to. */
const MORE_FOLDERS = process.platform === 'darwin' ? ['/opt/homebrew/bin', '/usr/local/bin'] : [];

function findProgram(name: string, searchPath: string): string | undefined {
  const folders = [...searchPath.split(':').filter(folder => folder !== ''), ...MORE_FOLDERS];
  return folders.map(folder => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

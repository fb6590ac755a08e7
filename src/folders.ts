import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, 0700, unless they are there. One by one: mkdir's own `recursive` never returns in Node 20 where a
 * file system refuses new folders with ENOENT, as /proc does.
 * @throws Error whose message says which folder it was, and why.
 */
export function makeFolders(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (isAbove(error, path)) {
      makeFolders(dirname(path));
      makeLast(path);
    } else unlessThere(path, error);
  }
}

/** Whether what is above it is missing, or no folder. */
function isAbove(error: unknown, path: string): boolean {
  const code = codeOf(error);
  return (code === 'ENOENT' || code === 'ENOTDIR') && dirname(path) !== path;
}

function makeLast(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    unlessThere(path, error);
  }
}

function unlessThere(path: string, error: unknown): void {
  if (isFolder(path)) return;
  const why = REASONS[codeOf(error)] ?? `cannot be made (${codeOf(error)})`;
  throw Object.assign(new Error(`${path} ${why}`, { cause: error }), { code: codeOf(error) });
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'is not a directory',
  ENOTDIR: 'is not a directory',
  ENOENT: 'cannot be made: there can be no directory there',
  EACCES: 'cannot be made: permission denied',
  EPERM: 'cannot be made: not permitted',
  EROFS: 'cannot be made: the file system is read-only',
  ENOSPC: 'cannot be made: no space is left',
};

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

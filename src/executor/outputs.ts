import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, lstatSync, mkdtempSync, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamName } from './protocol.ts';

/** One stream of an executor before the fork: the end that the executor gets, and the end that is read. */
export interface Output {
  readonly writeFd: number;
  readonly readFd: number;
}

/**
 * Makes real pipes for stdout and stderr, or null where that cannot be done. Node's own "pipes" are sockets, and these cannot be
 * opened through /dev/stdout and /dev/stderr, as many shell scripts do (ENXIO). Node makes no pipes, but named ones,
 * unlinked as soon as they are open, are the same.
 */
export function openOutputs(): Record<StreamName, Output> | null {
  const open: number[] = [];
  removeDeadFolders();
  try {
    const folder = mkdtempSync(join(tmpdir(), FOLDER));
    const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')];
    try {
      if (spawnSync('mkfifo', ['-m', '600', stdout, stderr], { stdio: 'ignore' }).status !== 0) return null;
      return { stdout: openOutput(stdout, open), stderr: openOutput(stderr, open) };
    } finally {
      remove(folder);
    }
  } catch {
    for (const fd of open) closeSync(fd);
    return null;
  }
}

const FOLDER = 'rqt-pipes-';
/** They are there for some milliseconds: one this old was left by a process that was killed. */
const DEAD_AFTER_MS = 600_000;
let hasLooked = false;

/** Once a process. */
function removeDeadFolders(): void {
  if (hasLooked) return;
  hasLooked = true;
  try {
    for (const name of readdirSync(tmpdir())) if (name.startsWith(FOLDER)) removeDead(join(tmpdir(), name));
  } catch {
    // It is a courtesy.
  }
}

function removeDead(folder: string): void {
  try {
    // Anybody may write there: not what somebody else has put in its place.
    const stats = lstatSync(folder);
    const isOurs = stats.isDirectory() && stats.uid === process.getuid?.();
    if (isOurs && Date.now() - stats.mtimeMs > DEAD_AFTER_MS) remove(folder);
  } catch {
    // Another worker has removed it, or it holds something else.
  }
}

/** One by one: to remove a whole folder takes a descriptor, and there may be none. */
function remove(folder: string): void {
  for (const path of [join(folder, 'stdout'), join(folder, 'stderr')]) if (existsSync(path)) unlinkSync(path);
  rmdirSync(folder);
}

/** The stream over an end that is read. */
export function readFrom({ readFd }: Output): Socket {
  return new Socket({ fd: readFd, readable: true, writable: false });
}

/** The executor has its ends now. The readers see the end of a stream only when nobody else holds it. */
export function closeWriteEnds(outputs: Record<StreamName, Output> | null): void {
  if (!outputs) return;
  closeSync(outputs.stdout.writeFd);
  closeSync(outputs.stderr.writeFd);
}

function openOutput(path: string, open: number[]): Output {
  // Without O_NONBLOCK this would wait for a writer.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  open.push(readFd);
  const writeFd = openSync(path, constants.O_WRONLY);
  open.push(writeFd);
  return { writeFd, readFd };
}

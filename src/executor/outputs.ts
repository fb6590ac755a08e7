import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamName } from './protocol.ts';

/** One stream of an executor before the fork: the end that the executor gets, and the end that is read. */
export interface Output {
  readonly writeFd: number;
  readonly reader: Socket;
}

/**
 * Makes real pipes for stdout and stderr, or null where that cannot be done. Node's own "pipes" are sockets, and these cannot be
 * opened through /dev/stdout and /dev/stderr, as many shell scripts do (ENXIO). Node makes no pipes, but named ones,
 * unlinked as soon as they are open, are the same.
 */
export function openOutputs(): Record<StreamName, Output> | null {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'rqt-'));
    try {
      const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')];
      if (spawnSync('mkfifo', ['-m', '600', stdout, stderr], { stdio: 'ignore' }).status !== 0) return null;
      return { stdout: openOutput(stdout), stderr: openOutput(stderr) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    return null;
  }
}

/** The executor has its ends now. The readers see the end of a stream only when nobody else holds it. */
export function closeWriteEnds(outputs: Record<StreamName, Output> | null): void {
  if (!outputs) return;
  closeSync(outputs.stdout.writeFd);
  closeSync(outputs.stderr.writeFd);
}

function openOutput(path: string): Output {
  // Without O_NONBLOCK this would wait for a writer.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { writeFd: openSync(path, constants.O_WRONLY), reader: new Socket({ fd: readFd, readable: true, writable: false }) };
}

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failpoint } from '../../failpoint.ts';
import { makeFolders } from '../../folders.ts';
import { writeJson } from '../../parse/exact-json.ts';
import type { Entry } from './entry.ts';

let count = 0;

/**
 * Writes a file into the spool so that it outlives a crash of the machine from here on: nobody else may read it, since payloads may be secret. Names
 * are in the order of time.
 * @throws what the file system says.
 */
export function keep(folder: string, entry: Entry): void {
  makeFolders(folder);
  count += 1;
  const microseconds = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  const name = `${String(microseconds).padStart(17, '0')}-${String(count).padStart(8, '0')}-${entry.token}.json`;
  const draft = join(folder, `.draft-${entry.token}`);
  try {
    write(draft, Buffer.from(writeJson(entry) ?? ''));
    if (__FAILPOINTS__) failpoint('spool.drafted');
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  if (__FAILPOINTS__) failpoint('spool.kept');
  // The name, and the folder's own, which may be new.
  sync(folder);
  if (count === 1) for (const above of [dirname(folder), dirname(dirname(folder))]) sync(above);
}

function write(path: string, bytes: Buffer): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function sync(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

import { closeSync, openSync, readSync } from 'node:fs';

let isFirst = true;

/**
 * A random UUID (RFC 9562, version 4), RQ's default for ids. The first one of a process is made of random bytes from the kernel: loading
 * node:crypto takes 3 ms, which most calls of `enqueue` need not pay.
 */
export function newJobId(): string {
  const bytes = isFirst ? kernelRandom() : null;
  isFirst = false;
  return bytes ? uuidOf(bytes) : crypto.randomUUID();
}

function kernelRandom(): Buffer | null {
  try {
    const file = openSync('/dev/urandom', 'r');
    try {
      const bytes = Buffer.alloc(16);
      return readSync(file, bytes) === bytes.length ? bytes : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function uuidOf(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';

const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

/** The SHA-256 of a file, as 64 hex digits. The path is relative to the worker's working directory. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readChunks(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** How many lines a file has; a last line without a line feed counts. The path is relative to the worker's working directory. */
export async function lines(path: string): Promise<number> {
  let count = 0;
  let lastByte = LINE_FEED;
  for await (const chunk of readChunks(path)) {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) count += 1;
    lastByte = chunk.at(-1) ?? lastByte;
  }
  return lastByte === LINE_FEED ? count : count + 1;
}

/** The bytes of a file, piece by piece in one buffer: a file of any size needs the same memory. Closes the file whatever happens. */
async function* readChunks(path: string): AsyncGenerator<Buffer, void> {
  const file = await openFile(path);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    throw explain(path, cause);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  if (typeof path !== 'string' || path === '') throw new TypeError('a path is needed: rqt enqueue checksum#sha256 README.md');
  try {
    return await open(path);
  } catch (cause) {
    throw explain(path, cause);
  }
}

/** The same failure in words, with the path in full: the worker's directory is often not where the job was enqueued. */
function explain(path: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const problem = PROBLEMS[code] ?? `cannot be read (${code})`;
  return new Error(`${resolve(path)} ${problem}`, { cause });
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'cannot be read: permission denied',
};

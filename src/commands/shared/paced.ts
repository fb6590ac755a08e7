import { once } from 'node:events';

/** Writes, and waits while the reader is slower: what is to be printed must not pile up in memory. */
export async function writePaced(stream: NodeJS.WriteStream, data: string | Buffer): Promise<void> {
  // Its reader has gone, and was told of where it matters.
  if (!stream.writable) return;
  if (!stream.write(data)) await once(stream, 'drain');
}

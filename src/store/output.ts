import type { Captured } from '../model.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';

/** What a job's latest attempt wrote, as far as it was kept. The cut is where bytes are missing: a line says how many. */
export async function readOutput(db: Db, id: string): Promise<{ stdout: Captured; stderr: Captured }> {
  const entries = (await db.client.xrangeBuffer(keys.output(db.prefix, id), '-', '+')) as unknown as [Buffer, Buffer[]][];
  const stdout = new Collector();
  const stderr = new Collector();
  for (const [, fields] of entries) {
    const entry = new Map<string, Buffer>();
    for (let i = 0; i + 1 < fields.length; i += 2) entry.set(String(fields[i]), fields[i + 1] as Buffer);
    const stream = String(entry.get('s')) === '1' ? stdout : stderr;
    stream.add(entry.get('t') ?? Buffer.alloc(0), Number(entry.get('c')?.toString() ?? 0));
  }
  return { stdout: stdout.captured(), stderr: stderr.captured() };
}

/** Puts chunks together as bytes, so that a character that was cut in two by a chunk's end is whole again. */
class Collector {
  readonly #parts: Buffer[] = [];
  #cutBytes = 0;

  add(bytes: Buffer, cutBefore: number): void {
    if (cutBefore > 0) this.#parts.push(Buffer.from(`\n… ${cutBefore} bytes were cut here …\n`));
    this.#cutBytes += cutBefore;
    this.#parts.push(bytes);
  }

  captured(): Captured {
    return { text: Buffer.concat(this.#parts).toString('utf8'), cutBytes: this.#cutBytes };
  }
}

import { formatBytes } from '../bytes.ts';
import type { Captured, StreamName } from '../model.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { countOf } from './numbers.ts';

/** What a job wrote next to one stream, in order within it. `cutBefore` bytes in front of it were not kept. */
export interface OutputPiece {
  readonly stream: StreamName;
  /** The attempt that wrote it. */
  readonly execution: string;
  readonly cutBefore: number;
  readonly bytes: Buffer;
}

/** What a job's latest attempt wrote, as far as it was kept. The cut is where bytes are missing: a line says how many. */
export async function readOutput(db: Db, id: string): Promise<{ stdout: Captured; stderr: Captured }> {
  const streams = { stdout: new Collector(), stderr: new Collector() };
  for (const piece of await readPieces(db, id)) streams[piece.stream].add(piece);
  return { stdout: streams.stdout.captured(), stderr: streams.stderr.captured() };
}

/** All that is kept of what a job's latest attempt wrote. */
export async function readPieces(db: Db, id: string): Promise<OutputPiece[]> {
  const entries = (await db.client.xrangeBuffer(keys.output(db.prefix, id), '-', '+')) as unknown as RawEntry[];
  const cursor = new OutputCursor();
  return entries.flatMap(entry => cursor.read(entry));
}

/** The line that stands where bytes are missing. */
export function cutMark(bytes: number): string {
  return `… ${formatBytes(bytes)} were cut here …`;
}

/** A stream entry as Redis replies it: its id, then field, value, field, value. */
export type RawEntry = readonly [Buffer, readonly Buffer[]];

/**
 * Reads the entries of a job's output in their order. Entries overlap where a small one was replaced by a longer one, and leave gaps where
 * old ones made room: their offsets tell. A new attempt starts anew.
 */
export class OutputCursor {
  /** The last entry that was read. */
  id = '0-0';
  #execution = '';
  #positions = { stdout: 0, stderr: 0 };

  /** What an entry adds: one piece, or none. */
  read([id, fields]: RawEntry): OutputPiece[] {
    this.id = String(id);
    const entry = new Map<string, Buffer>();
    for (let i = 0; i + 1 < fields.length; i += 2) entry.set(String(fields[i]), fields[i + 1] ?? NOTHING);
    const execution = String(entry.get('x') ?? '');
    if (execution !== this.#execution) {
      this.#execution = execution;
      this.#positions = { stdout: 0, stderr: 0 };
    }
    const stream = String(entry.get('s')) === '1' ? 'stdout' : 'stderr';
    const offset = countOf(String(entry.get('o') ?? ''));
    const whole = entry.get('t') ?? NOTHING;
    const position = this.#positions[stream];
    const bytes = whole.subarray(Math.max(0, position - offset));
    if (bytes.length === 0) return [];
    this.#positions[stream] = offset + whole.length;
    return [{ stream, execution, cutBefore: Math.max(0, offset - position), bytes }];
  }
}

const NOTHING = Buffer.alloc(0);

/** Puts pieces together as bytes, so that a character that was cut in two by a piece's end is whole again. */
class Collector {
  readonly #parts: Buffer[] = [];
  #cutBytes = 0;

  add({ cutBefore, bytes }: OutputPiece): void {
    if (cutBefore > 0) this.#parts.push(Buffer.from(`\n${cutMark(cutBefore)}\n`));
    this.#cutBytes += cutBefore;
    this.#parts.push(bytes);
  }

  captured(): Captured {
    return { text: Buffer.concat(this.#parts).toString('utf8'), cutBytes: this.#cutBytes };
  }
}

import { stateOf } from './cancel.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { OutputCursor, type OutputPiece, type RawEntry } from './output.ts';
import { untilRead } from './passing.ts';

const LOOK_EVERY_MS = 1000;
const ENDED: ReadonlySet<string | null> = new Set(['finished', 'failed', 'stopped', 'canceled', null]);

/**
 * What a job writes, as it comes, until it has ended; then its state, or null when it is gone. Woken by new entries, and by the one that the end
 * of an attempt leaves in the job's results; looks anyway every second. It only reads. `isLive`: of a job that is awaited, all that it writes; else
 * what is kept of it.
 */
export async function* followOutput(db: Db, id: string, { isLive = false } = {}): AsyncGenerator<OutputPiece, string | null> {
  const cursor = new OutputCursor();
  const keptKey = keys.output(db.prefix, id);
  const outputKey = isLive ? keys.live(db.prefix, id) : keptKey;
  const resultsKey = keys.results(db.prefix, id);
  const read = async (key: string, from: string) =>
    (await untilRead(() => db.client.xrangeBuffer(key, from, '+'))) as unknown as RawEntry[];
  let lastResult = '0-0';
  for (;;) {
    // The state first: what is read after the end was seen is all there is.
    const state = await untilRead(() => stateOf(db, id));
    for (const entry of await read(outputKey, `(${cursor.id}`)) yield* cursor.read(entry);
    if (ENDED.has(state)) {
      // What was handed on while nobody could read it is gone; what was kept may still tell.
      if (isLive) for (const entry of await read(keptKey, '-')) yield* cursor.read(entry);
      return state;
    }
    const args = ['COUNT', 1, 'BLOCK', LOOK_EVERY_MS, 'STREAMS', outputKey, resultsKey, cursor.id, lastResult] as const;
    for (const [key, found] of (await untilRead(() => db.client.xread(...args))) ?? []) {
      if (key === resultsKey) lastResult = found.at(-1)?.[0] ?? lastResult;
    }
  }
}

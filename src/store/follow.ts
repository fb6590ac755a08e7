import { stateOf } from './cancel.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { OutputCursor, type OutputPiece, type RawEntry } from './output.ts';
import { untilRead } from './passing.ts';

const LOOK_EVERY_MS = 1000;
const ENDED: ReadonlySet<string | null> = new Set(['finished', 'failed', 'stopped', 'canceled', null]);

/**
 * What a job writes, as it comes, until it has ended; then its state, or null when it is gone. Woken by new entries, and by the one that the end
 * of an attempt leaves in the job's results; looks anyway every second. It only reads.
 */
export async function* followOutput(db: Db, id: string): AsyncGenerator<OutputPiece, string | null> {
  const cursor = new OutputCursor();
  const outputKey = keys.output(db.prefix, id);
  const resultsKey = keys.results(db.prefix, id);
  let lastResult = '0-0';
  for (;;) {
    // The state first: what is read after the end was seen is all there is.
    const state = await untilRead(() => stateOf(db, id));
    const entries = (await untilRead(() => db.client.xrangeBuffer(outputKey, `(${cursor.id}`, '+'))) as unknown as RawEntry[];
    for (const entry of entries) yield* cursor.read(entry);
    if (ENDED.has(state)) return state;
    const args = ['COUNT', 1, 'BLOCK', LOOK_EVERY_MS, 'STREAMS', outputKey, resultsKey, cursor.id, lastResult] as const;
    for (const [key, found] of (await untilRead(() => db.client.xread(...args))) ?? []) {
      if (key === resultsKey) lastResult = found.at(-1)?.[0] ?? lastResult;
    }
  }
}

import { failpoint } from '../failpoint.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { releaseAll } from './release.ts';
import { runScript } from './scripts.ts';

/** One bounded step of emptying a queue. */
export interface EmptyStep {
  readonly removed: number;
  /** Children that were deferred on removed jobs and are canceled now. */
  readonly canceled: number;
  readonly left: number;
}

/** How many ids a step takes: some milliseconds of Redis's time. */
const STEP = 500;

/**
 * Removes a queue's jobs with all they own in steps that never keep Redis busy for long. It ends when as many were taken as waited at the
 * start, so that a queue that is being filled does not keep it going for ever.
 */
export async function* empty(db: Db, queue: string): AsyncGenerator<EmptyStep> {
  let todo = await db.client.llen(keys.queue(db.prefix, queue));
  while (todo > 0) {
    const [, removed, canceled, left, more] = await runScript(db, 'empty', [
      queue,
      Math.min(STEP, todo),
      `its parent was removed when queue ${queue} was emptied`,
    ]);
    todo = Math.min(todo - STEP, Number(left));
    const rest = more === 1 ? await releaseAll(db) : 0;
    if (__FAILPOINTS__) failpoint('empty.step');
    yield { removed: Number(removed), canceled: Number(canceled) + rest, left: Math.max(todo, 0) };
  }
}

/** How many jobs an {@link empty} would remove. */
export function countQueued(db: Db, queue: string): Promise<number> {
  return db.client.llen(keys.queue(db.prefix, queue));
}

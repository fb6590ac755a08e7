import type { Db } from './db.ts';
import { releaseAll } from './release.ts';
import { runScript } from './scripts.ts';

/** What a requeue did. `deferred`: a parent has not finished yet. `unfinished`: it waits or runs already. */
export type Requeued =
  | { readonly kind: 'queued' | 'deferred'; readonly queue: string }
  | { readonly kind: 'unfinished'; readonly state: string }
  | { readonly kind: 'missing' };

/** Runs a job again that has ended. Children that were canceled because of it wait for it again. */
export async function requeue(db: Db, id: string, atFront: boolean): Promise<Requeued> {
  const [kind, detail = '', more] = (await runScript(db, 'requeue', [id, atFront ? '1' : '0'])).map(String);
  switch (kind) {
    case 'queued':
    case 'deferred':
      if (more === '1') await releaseAll(db);
      return { kind, queue: detail };
    case 'unfinished':
      return { kind, state: detail };
    case 'missing':
      return { kind };
    default:
      throw new Error(`requeue answered ${kind}`);
  }
}

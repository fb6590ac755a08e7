import type { Db } from './db.ts';
import { releaseAll } from './release.ts';
import { runScript } from './scripts.ts';

/** What a deletion did. `running`: nothing, the job runs. */
export type Deleted = { readonly kind: 'deleted'; readonly childrenCanceled: number } | { readonly kind: 'running' | 'missing' };

/** Removes a job that does not run, with all it owns; children that wait for it are canceled, theirs in turn. */
export async function deleteJob(db: Db, id: string): Promise<Deleted> {
  const [kind, canceled, more] = await runScript(db, 'delete', [id, `its parent ${id} was deleted`]);
  switch (kind) {
    case 'deleted':
      return { kind, childrenCanceled: Number(canceled) + (more === 1 ? await releaseAll(db) : 0) };
    case 'running':
    case 'missing':
      return { kind };
    default:
      throw new Error(`delete answered ${kind}`);
  }
}

import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** What a suspend did: for each queue, or for all workers, whether it was suspended already. `unknown`: there is no such queue, and nothing was changed. */
export type Suspended =
  | { readonly kind: 'suspended'; readonly already: readonly boolean[] }
  | { readonly kind: 'unknown'; readonly queue: string };

/** Keeps workers from starting new jobs, of these queues or, with none, at all (RQ's own suspension); until resumed, or for a whole number of seconds. */
export async function suspend(db: Db, queues: readonly string[], durationMs: number | null): Promise<Suspended> {
  const [kind, ...rest] = (await runScript(db, 'suspend', [durationMs === null ? '' : durationMs / 1000, ...queues])).map(String);
  if (kind === 'unknown') return { kind, queue: rest[0] ?? '' };
  return { kind: 'suspended', already: rest.map(was => was === '1') };
}

/**
 * What a resume did: for each queue, or for all workers, whether it was suspended. `still`: queues that are suspended for themselves when all
 * workers were resumed; `''` stands for all workers when queues were.
 */
export type Resumed =
  | { readonly kind: 'resumed'; readonly was: readonly boolean[]; readonly still: readonly string[] }
  | { readonly kind: 'unknown'; readonly queue: string };

/** Lets workers start new jobs again, of these queues or, with none, of all that are not suspended for themselves. */
export async function resume(db: Db, queues: readonly string[]): Promise<Resumed> {
  const [kind, first, ...rest] = (await runScript(db, 'resume', queues)).map(String);
  if (kind === 'unknown') return { kind, queue: first ?? '' };
  const count = Number(first);
  return { kind: 'resumed', was: rest.slice(0, count).map(was => was === '1'), still: rest.slice(count).sort() };
}

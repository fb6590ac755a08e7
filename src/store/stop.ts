import { STOPPED_WITHOUT_WORKER, stateOf } from './cancel.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { runScript } from './scripts.ts';

/**
 * What a stop did. `stopping`: its worker was told; wait for it with {@link waitUntilStopped}. `stopped`: its worker had died. `idle`: it does
 * not run; it was left alone.
 */
export type Stopped =
  | { readonly kind: 'stopping'; readonly queue: string; readonly worker: string; readonly execution: string }
  | { readonly kind: 'stopped'; readonly queue: string }
  | { readonly kind: 'idle'; readonly state: string }
  | { readonly kind: 'missing' };

/** Asks for the stop of a running job (RQ's stop-job), or only of one execution of it. */
export async function stop(db: Db, id: string, execution = ''): Promise<Stopped> {
  const [kind, first = '', worker = '', running = ''] = (
    await runScript(db, 'stop', [id, STOPPED_WITHOUT_WORKER, execution])
  ).map(String);
  switch (kind) {
    case 'stopping':
      return { kind, queue: first, worker, execution: running };
    case 'stopped':
      return { kind, queue: first };
    case 'idle':
      return { kind, state: first };
    case 'missing':
      return { kind };
    default:
      throw new Error(`stop answered ${kind}`);
  }
}

/**
 * Waits until an execution that is being stopped is over, woken by the entry that it leaves in the job's results; looks and asks again every
 * `lookEveryMs`. Returns the job's state then, or null when it is gone. Never gives up: a worker that died lets go of its lease.
 */
export async function waitUntilStopped(
  db: Db,
  id: string,
  { queue, execution }: Stopped & { kind: 'stopping' },
  lookEveryMs = 1000,
): Promise<string | null> {
  const { client, prefix } = db;
  const results = keys.results(prefix, id);
  const wip = keys.registry(prefix, 'wip', queue);
  for (;;) {
    const [newest] = await client.xrevrange(results, '+', '-', 'COUNT', 1);
    if ((await client.zscore(wip, execution === '' ? id : `${id}:${execution}`)) === null) return stateOf(db, id);
    await client.xread('COUNT', 1, 'BLOCK', lookEveryMs, 'STREAMS', results, newest?.[0] ?? '0-0');
    const again = await stop(db, id, execution);
    if (again.kind === 'stopped') return 'stopped';
  }
}

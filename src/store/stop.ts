import { STOPPED_WITHOUT_WORKER, stateOf } from './cancel.ts';
import { redisNow } from './clock.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { LAST_CALL_MS } from './maintain.ts';
import { releaseAll } from './release.ts';
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
  const [kind, first = '', second = '', running = ''] = (
    await runScript(db, 'stop', [id, STOPPED_WITHOUT_WORKER, execution])
  ).map(String);
  switch (kind) {
    case 'stopping':
      return { kind, queue: first, worker: second, execution: running };
    case 'stopped':
      if (second === '1') await releaseAll(db);
      return { kind, queue: first };
    case 'idle':
      return { kind, state: first };
    case 'missing':
      return { kind };
    default:
      throw new Error(`stop answered ${kind}`);
  }
}

/** What is waited for. */
type Execution = Pick<Stopped & { kind: 'stopping' }, 'queue' | 'execution'>;

const LOOK_EVERY_MS = 1000;

/**
 * Waits until an execution that is being stopped is over, woken by the entry that it leaves in the job's results; looks and asks again every
 * `lookEveryMs`, `beforeLook` being done first. Returns the job's state then, or null when it is gone. Never gives up: a worker that died lets go of its lease.
 */
export async function waitUntilStopped(
  db: Db,
  id: string,
  { queue, execution }: Execution,
  { lookEveryMs = LOOK_EVERY_MS, beforeLook = async () => {} }: { lookEveryMs?: number; beforeLook?: () => Promise<void> } = {},
): Promise<string | null> {
  const { client, prefix } = db;
  const results = keys.results(prefix, id);
  for (;;) {
    const [newest] = await client.xrevrange(results, '+', '-', 'COUNT', 1);
    await beforeLook();
    if ((await leaseOf(db, id, { queue, execution })) === null) return stateOf(db, id);
    await client.xread('COUNT', 1, 'BLOCK', lookEveryMs, 'STREAMS', results, newest?.[0] ?? '0-0');
    const again = await stop(db, id, execution);
    if (again.kind === 'stopped') return 'stopped';
  }
}

/**
 * In how many milliseconds {@link waitUntilStopped} ends at the latest if nothing more is heard of the worker: it ends the job itself when the lease has
 * lapsed, which a worker's sweep may have put off once. null: the lease is over, or has no end.
 */
export async function silentForMs(db: Db, id: string, execution: Execution): Promise<number | null> {
  const lease = await leaseOf(db, id, execution);
  const leftMs = lease === null ? Number.NaN : Number(lease) * 1000 - (await redisNow(db));
  // A lease counts in whole seconds, its last one included; each of the two ends is found at a look.
  return Number.isFinite(leftMs) ? Math.max(0, leftMs) + LAST_CALL_MS + 2 * (1000 + LOOK_EVERY_MS) : null;
}

/** Until when an execution is believed alive, in seconds of Redis's clock; null: it is over. RQ 1.13 has none: then it is the job's. */
function leaseOf({ client, prefix }: Db, id: string, { queue, execution }: Execution): Promise<string | null> {
  return client.zscore(keys.registry(prefix, 'wip', queue), execution === '' ? id : `${id}:${execution}`);
}

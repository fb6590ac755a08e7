import { type Db, hasMovedOn, reasonOf, refusalOf } from '../store/index.ts';
import type { WorkerOptions } from './options.ts';
import type { Companion } from './slot.ts';

/** What all slots of a process know of their connection. */
export interface ConnectionWatch extends Companion {
  /** There is no connection to Redis now. */
  readonly isLost: boolean;
  /** When the connection was made again, as {@link performance.now}; sweeping right after would take jobs from workers that are just coming back, too. */
  readonly connectedAt: number;
  /** Calls back with the reason when the connection is lost, at once if it is; until what this returns is called. */
  onLost(listener: (reason: string) => void): () => void;
}

/** Tells once for all slots when Redis is gone, once why it does not let us in again if it refuses that, and once when it is back. */
export function watchConnection(db: Db, worker: string, log: WorkerOptions['log']): ConnectionWatch {
  const { client } = db;
  let lostAt: number | null = null;
  let connectedAt = Number.NEGATIVE_INFINITY;
  let reason = CLOSED;
  let refused: string | null = null;
  const listeners = new Set<(reason: string) => void>();
  const onError = (error: Error) => {
    reason = reasonOf(error);
    const refusal = lostAt === null ? undefined : refusalOf(db.where, error);
    // While Redis starts it says so each time, and that is no news.
    if (!refusal || refusal.code === 'tryAgain' || refusal.message === refused) return;
    refused = refusal.message;
    log({ event: 'warning', text: `${refused}: trying again until it is accepted` });
  };
  const onClose = () => {
    if (lostAt !== null || hasMovedOn(db)) return;
    lostAt = performance.now();
    log({ event: 'redis_lost', worker, reason });
    for (const listener of listeners) listener(reason);
  };
  const onReady = () => {
    reason = CLOSED;
    refused = null;
    if (lostAt === null) return;
    connectedAt = performance.now();
    log({ event: 'redis_again', worker, afterMs: Math.round(connectedAt - lostAt) });
    lostAt = null;
  };
  client.on('error', onError).on('close', onClose).on('ready', onReady);
  return {
    get isLost() {
      return lostAt !== null;
    },
    get connectedAt() {
      return connectedAt;
    },
    onLost: listener => {
      listeners.add(listener);
      if (lostAt !== null) listener(reason);
      return () => listeners.delete(listener);
    },
    stop: () => {
      client.off('error', onError).off('close', onClose).off('ready', onReady);
    },
  };
}

const CLOSED = 'the connection was closed';

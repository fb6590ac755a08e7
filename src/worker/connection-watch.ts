import { hasMovedOn, reasonOf } from '../store/index.ts';
import type { Companion, Slot } from './slot.ts';

/** Tells once when Redis is gone and once when it is back, and notes when that was. */
export function startConnectionWatch(slot: Slot): Companion {
  const { client } = slot.db;
  const worker = slot.entry.name;
  let lostAt: number | null = null;
  let reason = 'the connection was closed';
  const onError = (error: Error) => {
    reason = reasonOf(error);
  };
  const onClose = () => {
    if (lostAt !== null || hasMovedOn(slot.db)) return;
    slot.redisLost = true;
    lostAt = performance.now();
    slot.options.log({ event: 'redis_lost', worker, reason });
  };
  const onReady = () => {
    if (lostAt === null) return;
    slot.redisLost = false;
    slot.connectedAt = performance.now();
    slot.options.log({ event: 'redis_again', worker, afterMs: Math.round(slot.connectedAt - lostAt) });
    lostAt = null;
  };
  client.on('error', onError).on('close', onClose).on('ready', onReady);
  return {
    stop: () => {
      client.off('error', onError).off('close', onClose).off('ready', onReady);
    },
  };
}

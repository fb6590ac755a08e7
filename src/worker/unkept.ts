import type { ClaimedJob } from '../store/index.ts';
import type { Slot } from './slot.ts';

/**
 * Keeps the end of a job's task, however long Redis takes: until `keep` is done the slot says that it holds it. What is in the way is told
 * once, a lost connection, too, on which commands fail no more: they wait for it to come back.
 */
export async function whileUnkept<T>(slot: Slot, { id }: ClaimedJob, keep: (warn: Warn) => Promise<T>): Promise<T> {
  let isTold = false;
  const warn: Warn = reason => {
    if (isTold) return;
    isTold = true;
    slot.options.log({ event: 'warning', text: `the end of job ${id} cannot be kept yet, trying again: ${reason}` });
  };
  const unwatch = slot.connection.onLost(warn);
  slot.unkept = id;
  try {
    const kept = await keep(warn);
    slot.unkept = null;
    return kept;
  } finally {
    unwatch();
  }
}

type Warn = (reason: string) => void;

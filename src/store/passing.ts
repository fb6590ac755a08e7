import { setTimeout as sleep } from 'node:timers/promises';

const PASSING = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|UNBLOCKED)\b/;
const PAUSE_MS = 200;

/** A reading command that lasts outlives a restart or a failover of Redis: what will pass is asked again. */
export async function untilRead<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Error) || !PASSING.test(error.message)) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

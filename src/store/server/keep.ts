/**
 * Keeping the private server up for those who stay connected to it: on a lone host nobody else would start it again.
 */
import type { Fsync } from '../../config.ts';
import type { Db } from '../db.ts';
import { startServer } from './start.ts';

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/** Which server, and who hears, once each time that it is lost, why it is not started again. */
export interface KeepOptions {
  readonly home: string;
  readonly fsync: Fsync;
  readonly tell: (trouble: string) => void;
}

/**
 * Starts the server again when a persistent connection to it is lost and nobody listens there, until that connection is ended: not one that
 * was stopped on purpose. A start that fails is tried again after growing pauses.
 */
export function keepServer({ client }: Pick<Db, 'client'>, { home, fsync, tell }: KeepOptions): void {
  const ended = new AbortController();
  let isBusy = false;
  let pauseMs = FIRST_PAUSE_MS;
  let notBefore = Number.NEGATIVE_INFINITY;
  let told = '';
  // ioredis says so after each attempt to connect, too.
  client.on('close', () => void revive());
  client.on('ready', () => {
    pauseMs = FIRST_PAUSE_MS;
    notBefore = Number.NEGATIVE_INFINITY;
    told = '';
  });
  client.once('end', () => ended.abort());

  async function revive(): Promise<void> {
    if (isBusy || client.status === 'end' || performance.now() < notBefore) return;
    isBusy = true;
    try {
      await startServer(home, { fsync, isRevival: true, signal: ended.signal });
    } catch (error) {
      if (ended.signal.aborted) return;
      notBefore = performance.now() + pauseMs;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== told) tell(trouble);
      told = trouble;
    } finally {
      isBusy = false;
    }
  }
}

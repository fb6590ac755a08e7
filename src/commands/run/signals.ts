import type { Db } from '../../store/index.ts';
import { onEndingSignal } from '../shared/interruption.ts';
import { say } from '../shared/io.ts';

const LOOK_MS = 100;
/** A connection that is lost for less than this may be coming back. */
const PATIENCE_MS = 2000;
/** A Redis that answers does all that a run still asks of it in less. */
const LONGEST_MS = 5000;

/** The signals that a run has got: they do not end the process before it has cleaned up. */
export interface KeptSignals {
  readonly first: NodeJS.Signals | null;
  end(): void;
}

/** From here on signals are kept; the worker hears them, too. */
export function keepSignals(): KeptSignals {
  let first: NodeJS.Signals | null = null;
  const end = onEndingSignal(signal => {
    first ??= signal;
  });
  return {
    get first() {
      return first;
    },
    end,
  };
}

/** Something was not waited for, because of a signal. */
export class Left {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    this.signal = signal;
  }
}

/**
 * Waits for what a lasting connection is asked, however long Redis takes, and says so when it is away; {@link Left} once there was a signal and
 * Redis is not there. `why`: what it is needed for.
 */
export async function unlessLeft<T>(db: Db, signals: KeptSignals, why: string, work: () => Promise<T>): Promise<T | Left> {
  let timer: NodeJS.Timeout | undefined;
  const left = new Promise<Left>(resolve => {
    let lostMs = 0;
    let askedMs = 0;
    timer = setInterval(() => {
      lostMs = db.client.status === 'ready' ? 0 : lostMs + LOOK_MS;
      if (lostMs === PATIENCE_MS && signals.first === null) say(`rqt: waiting for Redis ${why} (Ctrl-C: not waiting)`);
      if (signals.first === null) return;
      askedMs += LOOK_MS;
      if (lostMs >= PATIENCE_MS || askedMs >= LONGEST_MS) resolve(new Left(signals.first));
    }, LOOK_MS);
  });
  const done = work();
  // Nobody waits for it any more when it is left.
  done.catch(() => {});
  return Promise.race([done, left]).finally(() => clearInterval(timer));
}

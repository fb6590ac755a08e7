import { askToStop, type Companion, type Slot, stopRunning } from './slot.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** RQ ignores a second signal within this time: Ctrl-C reaches a process group more than once. */
const SAME_SIGNAL_MS = 200;

/** The first signal finishes the running job and stops, the second one stops at once and puts the job back. `early`: one that came before. */
export function startSignals(slot: Slot, early: NodeJS.Signals | null): Companion {
  let lastAt = Number.NEGATIVE_INFINITY;
  const handle = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (slot.asked !== 'nothing' && now - lastAt < SAME_SIGNAL_MS) return;
    lastAt = now;
    slot.signal = signal;
    // Whoever is asked twice to stop at once has no time for a grace period.
    if (slot.asked === 'cold' && slot.options.stopsAtOnce) stopRunning(slot, 'kill');
    askToStop(slot, slot.asked === 'nothing' && !slot.options.stopsAtOnce ? 'warm' : 'cold');
  };
  const hearing = hear(handle);
  if (early) handle(early);
  return hearing;
}

/** Signals that come before there is a slot to hear them. */
export interface EarlySignals extends Companion {
  readonly first: NodeJS.Signals | null;
}

/** A worker that is registered already must not die of a signal: the first one is kept for its slots. A second one ends the process. */
export function catchEarlySignals(): EarlySignals {
  let first: NodeJS.Signals | null = null;
  const hearing = hear(signal => {
    if (first === null) {
      first = signal;
      return;
    }
    hearing.stop();
    process.kill(process.pid, signal);
  });
  return {
    get first() {
      return first;
    },
    stop: hearing.stop,
  };
}

function hear(handle: (signal: NodeJS.Signals) => void): Companion {
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
}

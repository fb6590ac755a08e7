import { askToStop, type Companion, type Slot } from './slot.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** RQ ignores a second signal within this time: Ctrl-C reaches a process group more than once. */
const SAME_SIGNAL_MS = 200;

/** The first signal finishes the running job and stops, the second one stops at once and puts the job back. */
export function startSignals(slot: Slot): Companion {
  let lastAt = 0;
  const handle = (signal: NodeJS.Signals) => {
    const now = Date.now();
    if (slot.asked !== 'nothing' && now - lastAt < SAME_SIGNAL_MS) return;
    lastAt = now;
    slot.signal = signal;
    askToStop(slot, slot.asked === 'nothing' ? 'warm' : 'cold');
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
}

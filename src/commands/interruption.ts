import { constants } from 'node:os';

/** Work that may last: its exit status, or 128 + n as soon as SIGINT or SIGTERM ends it. */
export async function unlessInterrupted(work: Promise<number>): Promise<number> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  let onSignal: ((signal: NodeJS.Signals) => void) | undefined;
  const interrupted = new Promise<number>(resolve => {
    onSignal = signal => resolve(128 + constants.signals[signal]);
    for (const signal of signals) process.once(signal, onSignal);
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    for (const signal of signals) if (onSignal) process.off(signal, onSignal);
  }
}

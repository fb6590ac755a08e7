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

/** What asks a command to end and lets it say something first. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Hears of these signals, which have no other effect until what this returns is called. */
export function onEndingSignal(hear: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of ENDING_SIGNALS) process.on(signal, hear);
  return () => {
    for (const signal of ENDING_SIGNALS) process.off(signal, hear);
  };
}

/** What wants a lasting command to end: signals, and whoever read its output and went away (SIGPIPE). */
export interface Interruption {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  /** Signals have their usual effect again. */
  end(): void;
}

/** Listens for SIGINT, SIGTERM, SIGHUP and for the end of the reader. */
export function listenForInterruption(): Interruption {
  const [first, second] = [deferred(), deferred()];
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    count += 1;
    (count === 1 ? first : second).resolve(signal);
  };
  const onError = () => onSignal('SIGPIPE');
  const stopListening = onEndingSignal(onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onError);
  return {
    first: first.promise,
    second: second.promise,
    end: () => {
      stopListening();
      for (const stream of [process.stdout, process.stderr]) stream.off('error', onError);
    },
  };
}

function deferred(): { promise: Promise<NodeJS.Signals>; resolve(signal: NodeJS.Signals): void } {
  let resolve = (_: NodeJS.Signals) => {};
  const promise = new Promise<NodeJS.Signals>(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}

import { constants } from 'node:os';
import { onEndingSignal } from './interruption.ts';
import { say } from './io.ts';
import { type ProgressLine, SILENT } from './progress.ts';

/** Whether a signal wants work that goes in steps to end; it looks between two of them. */
export interface Halt {
  /** The signal, or null. */
  readonly signal: NodeJS.Signals | null;
  /** Resolves with it. */
  readonly asked: Promise<NodeJS.Signals>;
}

/**
 * Work in steps, each of which is told: the first SIGINT, SIGTERM or SIGHUP lets the one under way come to its end, a second one ends the process at
 * once. The progress line is the work's to update; however it ends, and as soon as a signal has come, none is left on the screen.
 */
export async function inSteps<T>(
  work: (halt: Halt, progress: ProgressLine) => Promise<T>,
  line: ProgressLine = SILENT,
): Promise<T> {
  let resolve = (_: NodeJS.Signals) => {};
  const asked = new Promise<NodeJS.Signals>(settle => {
    resolve = settle;
  });
  const halt = { signal: null as NodeJS.Signals | null, asked };
  const progress: ProgressLine = { update: done => halt.signal === null && line.update(done), end: () => line.end() };
  const stopListening = onEndingSignal(signal => {
    // The next one has its usual effect.
    stopListening();
    line.end();
    halt.signal = signal;
    resolve(signal);
  });
  try {
    return await work(halt, progress);
  } finally {
    stopListening();
    line.end();
  }
}

/** Says what was done and what was not when a signal ended a command; returns the exit status for that. */
export function interrupted(signal: NodeJS.Signals, text: string): number {
  say(`rqt: interrupted: ${text}`);
  return 128 + constants.signals[signal];
}

import { onEndingSignal } from './interruption.ts';
import { openProgress, type ProgressLine, SILENT } from './progress.ts';

/**
 * Looks at as much as there is, and shows meanwhile how much that was so far: only where both outputs are a terminal, as whoever reads the
 * other end of a pipe writes to the same one. However it ends, a signal too, no progress line is left there. Output is for after an `end()`.
 */
export async function whileLooking<T>(look: (progress: ProgressLine) => Promise<T>): Promise<T> {
  if (!process.stdout.isTTY || !process.stderr.isTTY) return look(SILENT);
  const line = openProgress(null);
  const stopListening = onEndingSignal(signal => {
    line.end();
    // Then it has its usual effect.
    stopListening();
    process.kill(process.pid, signal);
  });
  try {
    return await look(line);
  } finally {
    stopListening();
    line.end();
  }
}

import { lookOf } from '../../view/look.ts';
import { renderProgress } from '../../view/progress.ts';

/** A line on stderr that tells how far a command is. */
export interface ProgressLine {
  update(done: number): void;
  /** Takes it off the screen; a later update shows it again. */
  end(): void;
}

/** For those who want to see none. */
export const SILENT: ProgressLine = { update: () => {}, end: () => {} };

const REDRAW_MS = 100;
const SHOW_AFTER_MS = 300;

/** Opens a progress line; where stderr is no terminal, or the work is done at once, nothing is ever shown. */
export function openProgress(total: number | null): ProgressLine {
  if (!process.stderr.isTTY) return SILENT;
  const startedAt = performance.now();
  let drawnAt = startedAt + SHOW_AFTER_MS - REDRAW_MS;
  let shown = false;
  return {
    update(done) {
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      shown = true;
      const elapsedMs = now - startedAt;
      const line = renderProgress(
        { done, total, rate: (done / elapsedMs) * 1000, elapsedMs },
        lookOf(process.stderr, process.env, Date.now()),
      );
      process.stderr.write(`\r${line}`);
    },
    end() {
      if (shown) process.stderr.write('\r\x1b[K');
      shown = false;
    },
  };
}

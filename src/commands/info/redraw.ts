import { setTimeout as sleep } from 'node:timers/promises';

const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/**
 * Draws again and again until SIGINT or SIGTERM. On a terminal each picture is written over the last one, line by line, in one write, so
 * that nothing flickers; elsewhere (`plain`, or no terminal) pictures follow each other.
 */
export async function redraw(draw: () => Promise<string>, intervalMs: number, plain: boolean): Promise<void> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  // To the end of the process: a second Ctrl-C must not end it before the cursor is back.
  process.on('SIGINT', stop).on('SIGTERM', stop);
  process.stdout.once('close', stop);
  const untilStopped = new Promise<null>(resolve => stopped.signal.addEventListener('abort', () => resolve(null)));
  const overwrite = process.stdout.isTTY === true && !plain;
  if (overwrite) process.stdout.write(HIDE_CURSOR + CLEAR_ALL);
  try {
    while (!stopped.signal.aborted) {
      const picture = await Promise.race([draw(), untilStopped]);
      if (picture === null) break;
      process.stdout.write(overwrite ? overLast(picture) : `${picture}\n`);
      await sleep(intervalMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  } finally {
    if (overwrite) process.stdout.write(`${SHOW_CURSOR}\n`);
  }
}

/** As many lines as fit: a longer picture would scroll, and the next one would not cover it. */
function overLast(picture: string): string {
  const lines = picture.split('\n').slice(0, Math.max(1, (process.stdout.rows || 24) - 1));
  return HOME + lines.map(line => `${line}${CLEAR_LINE_END}`).join('\n') + CLEAR_BELOW;
}

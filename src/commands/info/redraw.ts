import { constants } from 'node:os';
import type { Options } from '../../command.ts';
import type { Db } from '../../store/index.ts';
import { renderAway } from '../../view/away.ts';
import { say, withStore } from '../shared/io.ts';
import { Absence } from './absence.ts';
import { openStream, openTerminal } from './screen.ts';

/** What is drawn again and again. */
export interface View {
  /** The first picture: whatever keeps it from being drawn ends the command. */
  readonly first: (db: Db) => Promise<string>;
  readonly again: (db: Db) => Promise<string>;
  readonly intervalMs: number;
}

/** How often it is seen to that an old picture is marked as that. */
const TICK_MS = 1000;

/**
 * Draws until SIGINT, its normal end (0), or SIGTERM (143), and returns the exit status: in place on a terminal, else (and with `--json`, `--raw`) one picture after the
 * other. Once there was a picture, a Redis that goes away ends nothing: it is said that it is, and the next picture is one of a Redis that is back.
 */
export async function redraw(options: Options, view: View): Promise<number> {
  const isInPlace = process.stdout.isTTY === true && !options.flag('json') && !options.flag('raw');
  let explain = (why: string) => say(`rqt: ${why}`);
  const work = async (db: Db) => {
    const absence = new Absence(db);
    // On the screen the next picture would be written over it.
    if (isInPlace) explain = why => absence.explain(why);
    try {
      return await draw(db, absence, view, isInPlace);
    } finally {
      absence.stop();
    }
  };
  return withStore(options, work, { isLasting: true, ifLost: () => 'try again', tell: why => explain(why) });
}

async function draw(db: Db, absence: Absence, { first, again, intervalMs }: View, isInPlace: boolean): Promise<number> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  let status = 0;
  // To the end of the process: a second Ctrl-C must not end it before the cursor is back.
  process.on('SIGINT', stop).on('SIGTERM', () => {
    if (!stopped.signal.aborted) status = 128 + constants.signals.SIGTERM;
    stop();
  });
  process.stdout.once('close', stop);
  const untilStopped = new Promise<null>(resolve => stopped.signal.addEventListener('abort', () => resolve(null)));
  const screen = isInPlace ? openTerminal() : openStream();
  let picture = Promise.race([first(db), absence.lost]);
  let ticker: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const seen = await Promise.race([picture, absence.refused, untilStopped]);
      if (seen === null) return status;
      screen.show(seen);
      ticker ??= setInterval(() => absence.away && screen.mark(renderAway(absence.away)), TICK_MS);
      await absence.pause(intervalMs, stopped.signal);
      picture = absence.outlast(() => again(db), stopped.signal);
    }
  } finally {
    clearInterval(ticker);
    // What is still under way is not to be tried again.
    stop();
    screen.close();
  }
}

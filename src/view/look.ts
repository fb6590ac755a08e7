import { Chalk, type ChalkInstance } from 'chalk';

/** How text is to look: decided once per output stream, then handed to every renderer. */
export interface Look {
  /** Terminal columns; `Infinity` for a pipe, where nothing is cut so that scripts see whole ids. */
  readonly width: number;
  /** Paints text; at level 0 it returns text as it is. */
  readonly colour: ChalkInstance;
  /** Whether lines, bars and symbols beyond ASCII may be used. */
  readonly unicode: boolean;
  /** An IANA name; without it, the machine's own zone. */
  readonly timeZone?: string;
  /** When the look was taken, epoch milliseconds. */
  readonly now: number;
}

/** The part of a stream that decides on its look; `process.stdout` is one. */
export interface LookStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_COLUMNS = 80;

/**
 * The look for a stream: colour as NO_COLOR, FORCE_COLOR (which wins, as in Node) and TERM say, width from the terminal
 * or COLUMNS, ASCII where the locale is C or not UTF-8.
 */
export function lookOf(stream: LookStream, env: Env, now: number): Look {
  return {
    width: widthOf(stream, env),
    colour: new Chalk({ level: colourLevelOf(stream, env) }),
    unicode: isUnicode(env),
    now,
  };
}

function widthOf(stream: LookStream, env: Env): number {
  const asked = Number(env.COLUMNS);
  const columnsOfEnv = Number.isInteger(asked) && asked > 0 ? asked : null;
  if (!stream.isTTY) return columnsOfEnv ?? Number.POSITIVE_INFINITY;
  // Some pseudo terminals report 0 columns.
  return stream.columns || columnsOfEnv || DEFAULT_COLUMNS;
}

function colourLevelOf(stream: LookStream, env: Env): 0 | 1 | 2 | 3 {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forcedLevelOf(forced);
  if (!stream.isTTY || env.NO_COLOR || env.TERM === 'dumb') return 0;
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? '')) return 3;
  return /256(color)?$/i.test(env.TERM ?? '') ? 2 : 1;
}

function forcedLevelOf(forced: string): 0 | 1 | 2 | 3 {
  if (forced === '0' || forced === 'false') return 0;
  if (forced === '2') return 2;
  return forced === '3' ? 3 : 1;
}

/** An unset locale is taken as UTF-8: containers and cron set none, and their terminals can. */
function isUnicode(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (/^(C|POSIX)$/i.test(locale)) return false;
  const charset = /\.([^@]+)/.exec(locale)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

import { Cron } from 'croner';
import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';

/** When something is to happen, again and again: a checked cron expression in a time zone. Times are epoch milliseconds. */
export interface Timetable {
  /** The first slot after a time. Null: there is none any more. */
  nextAfter(ms: number): number | null;
  /** The last slot that is not after a time; null: there is none. */
  lastUntil(ms: number): number | null;
  /** The slots from one time to another, both included, in their order; `most` of them. */
  between(fromMs: number, untilMs: number, most: number): number[];
}

/**
 * Reads an expression of five fields (minute, hour, day of month, month, day of week), of six with seconds in front, or `@daily` and the
 * like; names, ranges, steps, lists, `L`, `W` and `#` as the library croner has them.
 *
 * When clocks change: a time of day that is left out is made up for right after the gap, one that there is twice counts the first time;
 * an expression with `*` or a step in seconds, minutes or hours goes on through both passes and has nothing in a gap, as Vixie cron does.
 *
 * @param zone - an IANA name that exists
 * @throws RqtError `data` for an expression that is wrong or can never come true (30 February)
 */
export function parseTimetable(expression: string, zone: string): Timetable {
  const cron = open(expression, zone);
  const nextAfter = (ms: number) => cron.nextRun(new Date(ms))?.getTime() ?? null;
  // Without a year, what ever comes true does so after 2000.
  if (nextAfter(Date.UTC(2000, 0)) === null) {
    throw refuse(expression, 'can never come true: no such day is in any year');
  }
  return {
    nextAfter,
    // Strictly before a whole second later: slots are whole seconds.
    lastUntil: ms => cron.previousRuns(1, new Date(Math.floor(ms / 1000) * 1000 + 1000))[0]?.getTime() ?? null,
    between: (fromMs, untilMs, most) => {
      const slots: number[] = [];
      let slot = nextAfter(fromMs - 1);
      for (; slot !== null && slot <= untilMs && slots.length < most; slot = nextAfter(slot)) slots.push(slot);
      return slots;
    },
  };
}

/** One way to write an expression: single spaces, none around it. */
export function tidyExpression(expression: string): string {
  return expression.trim().split(/\s+/).join(' ');
}

function open(expression: string, zone: string): Cron {
  const fields = expression.split(' ');
  // Croner also takes dates, which happen once, and years.
  const isNickname = fields.length === 1 && expression.startsWith('@');
  if (!isNickname && fields.length !== 5 && fields.length !== 6) {
    const count = expression === '' ? 'no field' : fields.length === 1 ? '1 field' : `${fields.length} fields`;
    const quoted = fields.length === 1 ? ' (in a shell, quote it: * is the files of a directory)' : '';
    throw refuse(expression, `has ${count}, not five, or six with seconds in front${quoted}`);
  }
  try {
    // As Vixie cron: times of day that are listed ('30 2,14 * * *') happen once a day each, also on the days when clocks change.
    return new Cron(expression, { timezone: zone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  } catch (cause) {
    throw refuse(expression, `is wrong: ${isNickname ? NICKNAMES : reasonOf(cause)}`, cause);
  }
}

const NICKNAMES = 'it is one of @hourly, @daily (@midnight), @weekly, @monthly and @yearly (@annually)';

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.replace(/^CronPattern: /, '').replace(/\.$/, '');
}

function refuse(expression: string, problem: string, cause?: unknown): RqtError {
  return new RqtError(
    'data',
    `cron expression ${quote(expression)} ${problem}; write for example '*/5 * * * *' (minute hour day month weekday) or @daily`,
    { cause },
  );
}

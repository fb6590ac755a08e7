import { renderBar } from './bar.ts';
import { formatCount } from './count.ts';
import { formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { padEnd, truncate } from './width.ts';

/** How far a long command is. */
export interface Progress {
  readonly done: number;
  /** null: not known beforehand. */
  readonly total: number | null;
  /** Things done per second. */
  readonly rate: number;
  readonly elapsedMs: number;
}

const BAR_WIDTH = 20;
const MOST_WIDTH = 100;

/**
 * One line that tells how far a command is, one column short of the width so that no terminal wraps it. It is filled up
 * with blanks: the caller writes `\r` and the line, and nothing of a longer one before it remains.
 */
export function renderProgress(progress: Progress, look: Look): string {
  const width = Math.min(look.width, MOST_WIDTH) - 1;
  const facts = progress.total === null ? factsOfUnknown(progress) : factsOf(progress, progress.total);
  const share = progress.total === null ? null : shareOf(progress.done, progress.total);
  const bar =
    share === null || width < facts.length + BAR_WIDTH + 4 ? null : padEnd(renderBar(share, BAR_WIDTH, look), BAR_WIDTH);
  if (bar === null) return padEnd(truncate(facts, width, look), width);
  const [left, right] = look.unicode ? ['▕', '▏'] : ['[', ']'];
  return `${left}${look.colour.green(bar)}${right} ${padEnd(facts, width - BAR_WIDTH - 3)}`;
}

function factsOf({ done, rate, elapsedMs }: Progress, total: number): string {
  const percent = `${Math.floor(shareOf(done, total) * 100)} %`.padStart(5);
  const end = done >= total ? `in ${formatDuration(elapsedMs)}` : timeLeft(total - done, rate);
  return [percent, `${formatCount(done)} of ${formatCount(total)}`, perSecond(rate), end].filter(fact => fact !== '').join('  ');
}

function factsOfUnknown({ done, rate, elapsedMs }: Progress): string {
  return [`${formatCount(done)} done`, perSecond(rate), formatDuration(elapsedMs)].filter(fact => fact !== '').join('  ');
}

function shareOf(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}

function perSecond(rate: number): string {
  if (!Number.isFinite(rate)) return '';
  return `${formatCount(Math.round(rate))}/s`;
}

function timeLeft(left: number, rate: number): string {
  return rate > 0 && Number.isFinite(rate) ? `${formatDuration(Math.ceil(left / rate) * 1000)} left` : '';
}

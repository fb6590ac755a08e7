import type { EndedExecution } from '../ended-execution.ts';
import { durationMs, jobsPerSecond, type RunSummary } from '../run-stats.ts';
import { formatCount, plural } from './count.ts';
import { formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { padEnd, textWidth, truncate } from './width.ts';

/** The end of a burst for a person: one line of counts, what failed and why, what was slowest. Safe. */
export function summaryLines(summary: RunSummary, look: Look): string[] {
  const { counts, failures, waiting, waitingFailures, slowest } = summary;
  const failed = counts.failed + counts.stopped;
  return [
    '',
    headLine(summary, look),
    ...failureSection(look.colour.red('Failed'), { failures, count: failed, more: 'rqt jobs -s failed,stopped' }, look),
    ...failureSection(
      look.colour.yellow('Failed, and will be tried again'),
      { failures: waitingFailures, count: waiting, more: 'rqt jobs -s scheduled,queued' },
      look,
    ),
    ...slowestSection(slowest, look),
  ];
}

/** `12 jobs done, 1 failed, 3 retried in 2.5 s, 4.8 jobs/s`: done, failed and retried always, the rest where there is any. */
export function countsText(summary: RunSummary): string {
  const { counts, waiting, totalMs } = summary;
  const parts = [
    `${plural(counts.finished, 'job')} done`,
    `${formatCount(counts.failed)} failed`,
    `${formatCount(counts.retried)} retried`,
    ...(waiting > 0 ? [`${formatCount(waiting)} waiting for a retry`] : []),
    ...(counts.stopped > 0 ? [`${formatCount(counts.stopped)} stopped`] : []),
    ...(counts['put back'] > 0 ? [`${formatCount(counts['put back'])} put back`] : []),
    ...(counts.lost > 0 ? [`${formatCount(counts.lost)} lost to other workers`] : []),
  ];
  const rate = jobsPerSecond(summary);
  return `${parts.join(', ')} in ${formatDuration(totalMs)}${rate === null || rate === 0 ? '' : `, ${rateText(rate)}`}`;
}

function headLine(summary: RunSummary, { colour }: Look): string {
  const { counts, waiting } = summary;
  const text = countsText(summary);
  if (counts.failed + counts.stopped > 0) return colour.red(text);
  return waiting > 0 ? colour.yellow(text) : colour.green(text);
}

function rateText(perSecond: number): string {
  if (perSecond >= 10) return `${formatCount(Math.round(perSecond))} jobs/s`;
  if (perSecond >= 0.1) return `${perSecond.toFixed(1)} jobs/s`;
  return perSecond >= 0.1 / 60 ? `${(perSecond * 60).toFixed(1)} jobs/min` : `${(perSecond * 3600).toFixed(1)} jobs/h`;
}

interface Failures {
  readonly failures: readonly EndedExecution[];
  readonly count: number;
  /** Lists them all. */
  readonly more: string;
}

function failureSection(title: string, { failures, count, more }: Failures, look: Look): string[] {
  if (count === 0) return [];
  const lines = failures.flatMap(failure => [
    truncate(`  ${nameOf(failure)}`, look.width, look),
    truncate(`    ${safeLine(failure.reason ?? '')}`, look.width, look),
  ]);
  const left = count - failures.length;
  return ['', `${title}:`, ...lines, ...(left > 0 ? [`  and ${formatCount(left)} more (look: ${more})`] : [])];
}

function slowestSection(slowest: readonly EndedExecution[], look: Look): string[] {
  if (slowest.length === 0) return [];
  const durations = slowest.map(ended => formatDuration(durationMs(ended)));
  const width = Math.max(...durations.map(textWidth));
  const rows = slowest.map((ended, i) => {
    const how = ended.fate === 'finished' ? '' : `${ended.fate}: `;
    return truncate(`  ${padEnd(durations[i] ?? '', width)}  ${how}${nameOf(ended)}`, look.width, look);
  });
  return ['', 'Slowest:', ...rows];
}

const LONGEST_NAME = 200;

/** The id in front: it stays whole where a line is cut. */
function nameOf({ id, queue, description }: EndedExecution): string {
  const what = description === '' ? '' : ` ${safeLine(description.slice(0, LONGEST_NAME))}`;
  return `${safeLine(id)} ${safeLine(queue)}:${what}`;
}

import type { Attempt, Interruption, JobDetails } from '../model.ts';
import { splitError } from '../parse/error-text.ts';
import { readJson } from '../parse/exact-json.ts';
import { findJsonFlaw } from '../parse/json.ts';
import { plural } from './count.ts';
import { formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeJson, safeLine, safeLines } from './safe.ts';
import { type AttemptOutcome, outcomeText } from './state.ts';
import { factLine, valueWidth } from './status-fact.ts';
import { formatTime } from './time.ts';
import { textWidth, truncate } from './width.ts';

const BLOCK_INDENT = '    ';
const MOST_RESULT_LINES = 20;
const MOST_TRACE_LINES = 40;

/** What became of a job: its attempts, then its result or why it has none, then its error with the task's stack trace. */
export function outcomeLines(job: JobDetails, look: Look): string[] {
  return [...attemptLines(job, look), ...resultLines(job, look), ...errorLines(job, look)];
}

function attemptLines(job: JobDetails, look: Look): string[] {
  const rows = attemptRows(job);
  const count = Math.max(job.attemptCount, rows.length);
  const isPlain = count <= 1 && rows.every(({ outcome }) => outcome === 'finished');
  if (isPlain) return [];
  const outcomeWidth = rows.reduce((widest, { outcome }) => Math.max(widest, outcome.length), 0);
  const lines = rows.map(row => attemptLine(row, outcomeWidth, look));
  const missing = count - rows.length - (job.life.state === 'started' ? 1 : 0);
  const cut =
    rows.length > 0 && missing > 0
      ? [BLOCK_INDENT + look.colour.dim(`… ${missing} earlier ${missing === 1 ? 'one is' : 'ones are'} not kept`)]
      : [];
  return [factLine({ label: 'attempts', value: String(count) }, look), ...cut, ...lines];
}

/** One attempt, however it ended. `reason` is not yet safe. */
interface AttemptRow extends Pick<Attempt, 'startedAt' | 'endedAt'> {
  readonly outcome: AttemptOutcome;
  readonly reason: string;
}

/** Those that left a result and those that were cut short, in the order in which they ended. */
function attemptRows({ attempts, interruptions, life }: JobDetails): AttemptRow[] {
  // The reason of the last failure is told below, with its trace.
  const toldBelow = life.state === 'failed' || life.state === 'stopped' ? attempts.at(-1) : undefined;
  const rows = [
    ...attempts.map(attempt => ({
      ...attempt,
      reason: attempt === toldBelow || attempt.error === null ? '' : splitError(attempt.error).reason,
    })),
    ...interruptions.map(cut => ({ ...cut, outcome: 'interrupted' as const, reason: reasonOf(cut) })),
  ];
  return rows.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
}

function reasonOf({ why, worker }: Interruption): string {
  return `${worker === null ? 'its worker' : `worker ${worker}`} ${why === 'died' ? 'died' : 'was stopped'}`;
}

function attemptLine({ outcome, startedAt, endedAt, reason }: AttemptRow, outcomeWidth: number, look: Look): string {
  const facts = [];
  if (startedAt !== null) facts.push(formatTime(startedAt, look));
  if (startedAt !== null && endedAt !== null) facts.push(formatDuration(endedAt - startedAt));
  const used = BLOCK_INDENT.length + 2 + outcomeWidth + facts.reduce((sum, fact) => sum + 2 + fact.length, 2);
  if (reason !== '') facts.push(truncate(safeLine(reason), Math.max(20, look.width - used), look));
  return (BLOCK_INDENT + [outcomeText(outcome, outcomeWidth, look), ...facts].join('  ')).trimEnd();
}

function resultLines({ id, life, attempts, resultAbsent }: JobDetails, look: Look): string[] {
  if (life.state !== 'finished') return [];
  if (resultAbsent !== null)
    return [factLine({ label: 'result', value: look.colour.yellow(`none: ${safeLine(resultAbsent)}`) }, look)];
  const json = attempts.at(-1)?.resultJson ?? null;
  if (json === null) return [];
  const compact = safeLine(json);
  if (textWidth(compact) <= Math.min(valueWidth(look), 200)) return [factLine({ label: 'result', value: compact }, look)];
  const lines = prettyJson(json).map(line => truncate(line, look.width - BLOCK_INDENT.length, look));
  const shown = lines.slice(0, MOST_RESULT_LINES).map(line => BLOCK_INDENT + line);
  return [factLine({ label: 'result', value: '' }, look), ...shown, ...wholeHint(lines.length - shown.length, id, look)];
}

/** What is no JSON (Python's NaN) is shown as it was kept. */
function prettyJson(json: string): string[] {
  return findJsonFlaw(json) === null ? safeJson(readJson(json), 2).split('\n') : [safeLine(json)];
}

function errorLines({ id, life, attempts }: JobDetails, look: Look): string[] {
  const error = attempts.at(-1)?.error ?? null;
  if (error === null || (life.state !== 'failed' && life.state !== 'stopped')) return [];
  const { reason, trace } = splitError(error);
  const [first = '', ...rest] = safeLines(reason, false);
  const lines = outdent(safeLines(trace, look.colour.level > 0));
  const shown = lines.slice(0, MOST_TRACE_LINES).map(line => BLOCK_INDENT + line);
  const head = factLine({ label: 'error', value: look.colour.red([first, ...rest].join(' ')) }, look);
  return [head, ...shown, ...wholeHint(lines.length - shown.length, id, look)];
}

function outdent(lines: readonly string[]): string[] {
  const indents = lines.filter(line => line.trim() !== '').map(line => line.length - line.trimStart().length);
  const common = indents.reduce((least, indent) => Math.min(least, indent), Number.POSITIVE_INFINITY);
  return lines.map(line => line.slice(Math.min(common, line.length)));
}

function wholeHint(hiddenLines: number, id: string, { colour }: Look): string[] {
  if (hiddenLines <= 0) return [];
  return [BLOCK_INDENT + colour.dim(`${plural(hiddenLines, 'more line')}: rqt status --json ${safeLine(id)}`)];
}

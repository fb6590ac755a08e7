import type { EndedExecution } from '../ended-execution.ts';
import { type Place, placeIn } from '../parse/stack-place.ts';
import type { RunSummary } from '../run-stats.ts';
import { formatCount } from './count.ts';
import { safeLine, safeLines } from './safe.ts';
import { countsText } from './summary.ts';

/** GitHub shows at most ten errors of a step; the last one says how many there are beside. */
const MOST_SHOWN = 10;
/** GitHub cuts a longer message. */
const LONGEST_MESSAGE = 4000;

/**
 * Failed jobs as workflow commands of GitHub Actions, `::error file=…,line=…,title=…::message`: the place is where the task's own stack
 * enters `folder`, the repository.
 */
export function annotationLines({ failures, counts, waitingFailures, waiting }: RunSummary, folder: string): string[] {
  const all = [...failures, ...waitingFailures];
  const count = counts.failed + counts.stopped + waiting;
  const shown = all.slice(0, count > MOST_SHOWN ? MOST_SHOWN - 1 : MOST_SHOWN);
  const lines = shown.map(failure => annotation(failure, folder));
  const left = count - shown.length;
  if (left > 0) lines.push(command({ title: 'rqt' }, `and ${formatCount(left)} more failed jobs: the log of this step has them`));
  return lines;
}

function annotation({ id, queue, description, reason, trace, fate }: EndedExecution, folder: string): string {
  const place = placeIn(trace, folder);
  const what = description === '' ? `job ${id}` : description.slice(0, 200);
  const title = `${queue}: ${what}${fate === 'retried' ? ' (will be tried again)' : ''}`;
  const told = safeLine(reason ?? '');
  const stack = safeLines(trace, false);
  const message = [told, ...(stack[0] === told ? stack.slice(1) : stack), `job ${id}`].join('\n');
  return command({ ...(place && propertiesOf(place)), title: safeLine(title) }, message.slice(0, LONGEST_MESSAGE));
}

function propertiesOf({ file, line, column }: Place): Record<string, string> {
  return { file, line: String(line), ...(column !== null && { col: String(column) }) };
}

function command(properties: Readonly<Record<string, string>>, message: string): string {
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`);
  return `::error ${list.join(',')}::${escapeData(message)}`;
}

/** As GitHub's own toolkit escapes (actions/toolkit, core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const MOST_ROWS = 50;

/** The summary in Markdown, for the page of a GitHub Actions run. */
export function markdownSummary(summary: RunSummary): string {
  const { failures, waitingFailures, counts, waiting } = summary;
  const rows = [...failures, ...waitingFailures].slice(0, MOST_ROWS);
  const left = counts.failed + counts.stopped + waiting - rows.length;
  const table = rows.map(
    ({ id, queue, description, reason }) => `| ${[id, queue, description, reason ?? ''].map(cell).join(' | ')} |`,
  );
  return [
    '### rqt',
    '',
    countsText(summary),
    '',
    ...(rows.length > 0 ? ['| job | queue | call | error |', '| --- | --- | --- | --- |', ...table, ''] : []),
    ...(left > 0 ? [`and ${formatCount(left)} more`, ''] : []),
  ].join('\n');
}

/** Whatever Markdown or HTML could take for its own becomes a character reference. */
function cell(text: string): string {
  const shown = text.length > 300 ? `${text.slice(0, 300)} […]` : text;
  return safeLine(shown).replace(/[!-+\-/:-@[-`{-~]/g, found => `&#${found.charCodeAt(0)};`);
}

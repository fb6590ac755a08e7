import type { Overview } from '../model.ts';
import { formatCount, plural } from './count.ts';
import { formatDuration } from './duration.ts';
import { renderQueues } from './info-queues.ts';
import { renderWorkers, renderWorkersByQueue } from './info-workers.ts';
import type { Look } from './look.ts';

/** What of the overview is shown; RQ's `-Q`, `-W` and `-R`. */
export interface InfoOptions {
  readonly onlyQueues?: boolean;
  readonly onlyWorkers?: boolean;
  /** The workers of each queue in place of the table of workers. */
  readonly byQueue?: boolean;
}

/** `rqt info` for a person: queues, workers, one line that sums up. No line is wider than the look. Without a last line feed. */
export function renderInfo(overview: Overview, look: Look, options: InfoOptions = {}): string {
  const parts: string[] = [];
  if (!options.onlyWorkers) parts.push(renderQueues(overview, look));
  if (!options.onlyQueues) parts.push(options.byQueue ? renderWorkersByQueue(overview, look) : renderWorkers(overview, look));
  parts.push(summary(overview, look, options));
  return parts.join('\n\n');
}

function summary(overview: Overview, look: Look, options: InfoOptions): string {
  const facts = [
    ...(options.onlyWorkers ? [] : queueFacts(overview, look)),
    ...(options.onlyQueues ? [] : workerFacts(overview, options)),
  ];
  const lines = joinFacts(facts, look.width);
  if (overview.suspended) lines.push(...suspensionLines(overview, look).map(line => look.colour.yellow(line)));
  return lines.join('\n');
}

function suspensionLines({ resumesInMs }: Overview, { width }: Look): string[] {
  const what = 'all workers are suspended';
  if (resumesInMs === null) return [`${what}: rqt resume`];
  const left = `for ${formatDuration(resumesInMs)} more: rqt resume`;
  return what.length + 1 + left.length <= width ? [`${what} ${left}`] : [what, left];
}

/** Facts in one line, in several where the terminal is narrow. */
function joinFacts(facts: readonly Fact[], width: number): string[] {
  const lines: string[] = [];
  let room = 0;
  for (const { text, shown } of facts) {
    room -= text.length + 2;
    if (room >= 0 && lines.length > 0) lines.push(`${lines.pop()}, ${shown}`);
    else {
      lines.push(shown);
      room = width - text.length;
    }
  }
  return lines;
}

interface Fact {
  readonly text: string;
  readonly shown: string;
}

function queueFacts({ queues }: Overview, { colour }: Look): Fact[] {
  const sum = (of: 'queued' | 'started' | 'failed' | 'canceled') => queues.reduce((total, queue) => total + queue[of], 0);
  const failed = `${formatCount(sum('failed'))} failed`;
  return [
    fact(plural(queues.length, 'queue')),
    fact(`${plural(sum('queued'), 'job')} queued`),
    fact(`${formatCount(sum('started'))} executing`),
    ...(sum('failed') > 0 ? [{ text: failed, shown: colour.red(failed) }] : []),
    ...(sum('canceled') > 0 ? [fact(`${formatCount(sum('canceled'))} canceled`)] : []),
  ];
}

function workerFacts({ workers }: Overview, { onlyWorkers }: InfoOptions): Fact[] {
  const busy = workers.filter(({ state }) => state === 'busy').length;
  const all = fact(plural(workers.length, 'worker'));
  return onlyWorkers && workers.length > 0 ? [all, fact(`${formatCount(busy)} busy`)] : [all];
}

function fact(text: string): Fact {
  return { text, shown: text };
}

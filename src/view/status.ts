import type { Call, JobDetails } from '../model.ts';
import { describeCall } from '../parse/describe.ts';
import { argumentLines } from './call.ts';
import { plural } from './count.ts';
import { formatAge, formatDuration } from './duration.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { stateText } from './state.ts';
import { type Fact, factLine, valueWidth } from './status-fact.ts';
import { expiryText, limitsText, ttlText } from './status-limits.ts';
import { outcomeLines } from './status-outcome.ts';
import { outputLines } from './status-output.ts';
import { formatTime, formatZone } from './time.ts';
import { textWidth, truncate } from './width.ts';

const LONGEST_CALL = 200;
/** RQ's description cuts an argument at 75 characters. */
const LONGEST_ARGUMENT = 70;

/**
 * `rqt status` for a person: what a job is, where it stands, what came of it. Omits what does not exist. Several jobs are
 * set apart by the caller with a blank line. Without a last line feed.
 */
export function renderStatus(job: JobDetails, look: Look): string {
  const facts = [...callFacts(job, look), ...placeFacts(job), ...timeFacts(job, look), ...runFacts(job)];
  const closing = [
    ...noteFacts(job, look),
    fact('limits', limitsText(job.limits)),
    fact('ttl', expiryText(job)),
    fact('kept', ttlText(job)),
  ];
  return [
    `${look.colour.bold(safeLine(job.id))}  ${stateText(job, look)}`,
    ...facts.filter(isTold).map(told => factLine(told, look)),
    ...outcomeLines(job, look),
    ...closing.filter(isTold).map(told => factLine(told, look)),
    ...outputLines(job, look),
  ].join('\n');
}

/** Nothing more is to come of a job in these states, whatever it had left. */
const ENDED: ReadonlySet<string> = new Set(['finished', 'failed', 'stopped', 'canceled']);

function noteFacts(job: JobDetails, look: Look): Fact[] {
  const { progress, metaJson, metaOpaque, group, parents, retriesLeft, repeatsLeft } = job;
  const isOver = ENDED.has(job.life.state);
  const percent = progress ? `${Math.round(Math.min(1, Math.max(0, progress.fraction)) * 100)} %` : '';
  const cut = (text: string) => truncate(safeLine(text), valueWidth(look), look);
  return [
    fact('progress', cut([percent, progress?.note ?? ''].filter(text => text !== '').join(', '))),
    fact('callback', cut(job.callbackError ?? callbackDueText(job))),
    fact('parents', cut(parents.join(', '))),
    fact('group', cut(group ?? '')),
    fact('meta', cut(metaOpaque === null ? (metaJson === '{}' ? '' : (metaJson ?? '')) : `not shown (${metaOpaque})`)),
    fact('retries', retriesLeft > 0 && !isOver ? `${plural(retriesLeft, 'retry', 'retries')} left` : ''),
    fact('repeats', repeatsLeft > 0 && !isOver ? `${plural(repeatsLeft, 'repeat')} left` : ''),
  ];
}

function callbackDueText({ callbackDue, queue }: JobDetails): string {
  if (!callbackDue) return '';
  return `on-${callbackDue.on} callback ${callbackDue.task} is due: a worker of queue ${queue} runs it`;
}

function fact(label: string, value: string): Fact {
  return { label, value };
}

function isTold({ value }: Fact): boolean {
  return value !== '';
}

function callFacts(job: JobDetails, look: Look): Fact[] {
  const cut = (text: string) => truncate(text, valueWidth(look), look);
  const described = safeLine(job.description);
  if (!job.call) {
    return [fact('task', cut(described)), fact('arguments', `not shown (${safeLine(job.opaque ?? 'not readable')})`)];
  }
  const text = safeLine(describeCall(job.call));
  const about = described === text || described === '' ? [] : [fact('about', cut(described))];
  return [...taskFacts(job.call, text, look), ...about];
}

/** The call as RQ describes it, where that tells all of it on one line; otherwise each argument on a line of its own. */
function taskFacts(call: Call, text: string, look: Look): Fact[] {
  const room = valueWidth(look);
  const args = argumentLines(call);
  const isWhole = args.every(line => line.length <= LONGEST_ARGUMENT);
  if (isWhole && textWidth(text) <= Math.min(room, LONGEST_CALL)) return [fact('task', look.colour.green(text))];
  const listed = args.map((line, index) => fact(index === 0 ? 'arguments' : '', truncate(line, room, look)));
  return [fact('task', look.colour.green(safeLine(call.task))), ...listed];
}

function placeFacts({ queue, life }: JobDetails): Fact[] {
  const ahead = life.state === 'queued' ? life.position : null;
  const place = ahead === null ? '' : ahead === 0 ? ', next in line' : `, ${plural(ahead, 'job')} ahead of it`;
  const waits = life.state === 'deferred' ? life.waitsFor.map(safeLine).join(', ') : '';
  return [fact('queue', safeLine(queue) + place), fact('waits for', waits)];
}

function timeFacts(job: JobDetails, look: Look): Fact[] {
  const { life } = job;
  const times: [string, number | null][] = [
    ['created', job.createdAt],
    ['enqueued', job.enqueuedAt],
    ['due', life.state === 'scheduled' ? life.dueAt : null],
    ['started', 'startedAt' in life ? life.startedAt : null],
    ['ended', 'endedAt' in life ? life.endedAt : null],
    ['canceled', life.state === 'canceled' ? life.canceledAt : null],
    ['lease until', life.state === 'started' ? life.leaseUntil : null],
  ];
  const known = times.flatMap(([label, at]) => (at === null ? [] : [{ label, at, zone: formatZone(at, look) }]));
  // The zone is told once, and again only where it changes (summer time).
  return known.map(({ label, at, zone }, index) => {
    const told = zone === known[index - 1]?.zone ? ' '.repeat(zone.length) : zone;
    return fact(label, `${formatTime(at, look)} ${told}  ${look.colour.dim(formatAge(job.readAt - at))}`);
  });
}

function runFacts({ life, readAt, crashes }: JobDetails): Fact[] {
  const startedAt = 'startedAt' in life ? life.startedAt : null;
  const endedAt = 'endedAt' in life ? life.endedAt : null;
  const running = life.state === 'started' && startedAt !== null ? `${formatDuration(readAt - startedAt)} so far` : '';
  const ran = startedAt !== null && endedAt !== null ? formatDuration(endedAt - startedAt) : running;
  const worker = 'worker' in life && life.worker !== null ? safeLine(life.worker) : '';
  const reason = life.state === 'canceled' && life.reason !== null ? safeLine(life.reason) : '';
  const crashed = crashes === 0 ? '' : `its worker died under it ${crashes === 1 ? 'once' : `${crashes} times`}`;
  return [fact('duration', ran), fact('worker', worker), fact('reason', reason), fact('crashes', crashed)];
}

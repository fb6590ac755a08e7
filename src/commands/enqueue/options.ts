import type { OptionSpec } from '../../parse/argv.ts';

type Row = readonly [
  name: string,
  value: string | null,
  describe: string,
  more?: { readonly alias?: string; readonly list?: true },
];

/** Which job, and where. */
const WHAT: readonly Row[] = [
  ['queue', 'NAME', 'queue to put it on (default: default)', { alias: 'q' }],
  ['description', 'TEXT', 'what lists and logs call it (default: the call)'],
  ['job-id', 'ID', 'its id; refused with 1 while a job of this id is unfinished'],
  ['unique', null, 'do nothing, and succeed, while the same job is unfinished'],
  ['once-per', 'DURATION', 'at most one job in each slot of this length: 1m, 1h, 1d, whatever divides a day'],
  ['overlap', 'skip|queue|replace', "what to do while the last slot's job is unfinished (default: skip)"],
  ['max-depth', 'N', 'refuse with 75 when the queue holds N jobs already'],
  ['at-front', null, 'put it at the front of the queue'],
  ['lines', 'FILE', 'one job per line of FILE (-: stdin), the line as its last argument'],
  ['group', 'NAME', 'the group it belongs to, for rqt wait --group and rqt jobs --group'],
  ['meta', 'KEY=VALUE', 'a note on the job, as key=text or key:=json; repeatable', { list: true }],
];

/** When, and after what. */
const WHEN: readonly Row[] = [
  ['schedule-in', 'DURATION', 'run it after this time'],
  ['schedule-at', 'TIME', 'run it at 2027-01-31T09:00, local time unless it has a zone (Z, +02:00); a past time is now'],
  ['tz', 'ZONE', 'the zone of --schedule-at, or of the slots of --once-per, such as Europe/Berlin'],
  ['depends-on', 'ID', 'run it when this job has finished; repeatable, or a comma list', { list: true }],
  ['allow-failure', null, 'run it also if a parent ended badly'],
  ['on-parent-failure', 'cancel|wait', 'what a parent that ends badly means (default: cancel)'],
];

/** How long, how often. */
const LIMITS: readonly Row[] = [
  ['timeout', 'DURATION', 'how long it may run (default: 180s; -1: no limit)'],
  ['ttl', 'DURATION', 'how long it may wait on its queue before it is canceled (default: -1, for ever)'],
  ['result-ttl', 'DURATION', 'how long a finished job is kept (default: as its worker says, 500s; -1: for ever; 0: not)'],
  ['failure-ttl', 'DURATION', 'how long a failed job is kept (default: 365d; -1: for ever; 0: not)'],
  ['retry-max', 'N', 'try a failed job again up to N times'],
  ['retry-interval', 'DURATIONS', 'wait before a retry: 10,30,60; the last one repeats', { list: true }],
  ['backoff', 'exponential|linear', 'let the waits before retries grow'],
  ['retry-delay', 'DURATION', 'the first wait of --backoff (default: 5s)'],
  ['retry-max-delay', 'DURATION', 'the longest wait of --backoff (default: 1h)'],
  ['jitter', null, 'shorten each wait at random by up to a half, so that jobs do not come back together'],
  ['repeat', 'N', 'run it again N times after it has finished'],
  ['repeat-interval', 'DURATIONS', 'wait before a repeat', { list: true }],
  ['at-most-once', null, 'never start it a second time, even if its worker dies'],
  ['max-crashes', 'N', 'give it up when its worker died more than N times (default: 3)'],
];

/** What else runs. */
const CALLBACKS: readonly Row[] = [
  ['on-success', 'module#fn', 'task to run after it has finished, with the job and its result'],
  ['on-failure', 'module#fn', 'task to run after it has failed for good, with the job and its error'],
  ['on-stopped', 'module#fn', 'task to run after it was stopped, with the job'],
  ['callback-timeout', 'DURATION', 'how long a callback may run (default: 60s)'],
];

/** Redis away, waiting for its end. */
const WAITING: readonly Row[] = [
  ['spool', null, 'while Redis cannot be reached, keep it here; the next command or worker that reaches it sends it'],
  ['wait', null, 'pass on what it writes until it has ended; its exit status is the job’s'],
  ['wait-timeout', 'DURATION', 'how long to wait at the most (default: for ever); then 75, and the job goes on'],
  ['cancel-on-interrupt', null, 'with --wait: Ctrl-C cancels the job instead of leaving it to itself'],
];

const OUTPUT: readonly Row[] = [
  ['quiet', null, 'print nothing; not with --json'],
  ['json', null, 'print one JSON document per job instead of the id'],
];

/** The options of `rqt enqueue`, in the order of its help. */
export const ENQUEUE_OPTIONS: readonly OptionSpec[] = [...WHAT, ...WHEN, ...LIMITS, ...CALLBACKS, ...WAITING, ...OUTPUT].map(
  toSpec,
);

function toSpec([name, value, describe, { alias, list } = {}]: Row): OptionSpec {
  const common = { name, describe, ...(alias !== undefined && { alias }) };
  return value === null ? { ...common, type: 'boolean' } : { ...common, type: list ? 'list' : 'string', value };
}

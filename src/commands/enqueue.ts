import { readFileSync } from 'node:fs';
import type { Command, CommandLine, Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { type Call, DEFAULT_LIMITS, DEFAULT_QUEUE, type Limits } from '../model.ts';
import { parseCall } from '../parse/call.ts';
import { deriveJobId } from '../parse/dedupe.ts';
import { describeCall } from '../parse/describe.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseJobId, parseQueueName, parseTaskName } from '../parse/names.ts';
import { type EnqueueOptions, enqueue, type NewJob } from '../store/index.ts';
import { print, say, withStore } from './io.ts';

export const command: Command = {
  name: 'enqueue',
  synopsis: '<module#fn> [args…] [-- plain words…]',
  summary: 'put a job on a queue; prints its id',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  takesPlainWords: true,
  outlivesReader: true,
  options: [
    { name: 'queue', alias: 'q', type: 'string', value: 'NAME', describe: 'queue to put it on (default: default)' },
    { name: 'timeout', type: 'string', value: 'DURATION', describe: 'how long it may run (default: 180s; -1: no limit)' },
    {
      name: 'result-ttl',
      type: 'string',
      value: 'DURATION',
      describe: 'how long a finished job is kept (default: 500s; -1: for ever; 0: not)',
    },
    {
      name: 'failure-ttl',
      type: 'string',
      value: 'DURATION',
      describe: 'how long a failed job is kept (default: 365d; -1: for ever; 0: not)',
    },
    {
      name: 'ttl',
      type: 'string',
      value: 'DURATION',
      describe: 'how long it may wait on its queue before it is canceled (default: -1, for ever)',
    },
    { name: 'description', type: 'string', value: 'TEXT', describe: 'what lists and logs call it (default: the call)' },
    { name: 'job-id', type: 'string', value: 'ID', describe: 'its id; refused with 1 while a job of this id is unfinished' },
    { name: 'at-front', type: 'boolean', describe: 'put it at the front of the queue' },
    { name: 'unique', type: 'boolean', describe: 'do nothing, and succeed, while the same job is unfinished' },
    {
      name: 'lines',
      type: 'string',
      value: 'FILE',
      describe: 'one job per line of FILE (-: stdin), the line as its last argument',
    },
    { name: 'quiet', type: 'boolean', describe: 'print nothing' },
    { name: 'json', type: 'boolean', describe: 'print one JSON document per job instead of the id' },
  ],
  epilogue: ARGUMENT_HELP(),
  run,
};

async function run(line: CommandLine): Promise<number> {
  const plan = readPlan(line);
  if (plan.lines !== undefined) {
    const { enqueueLines } = await import('./enqueue-lines.ts');
    return enqueueLines(plan, plan.lines, line.options);
  }
  const job = newJob(plan, []);
  const { unfinished } = await withStore(line.options, db => enqueue(db, [job], plan.options));
  const inTheWay = unfinished[0];
  report(job, plan, inTheWay?.state ?? null);
  if (!inTheWay || plan.unique) return 0;
  say(
    `rqt: job ${job.id} is still ${inTheWay.state}; nothing was enqueued (look: rqt status ${job.id}; end it: rqt cancel ${job.id})`,
  );
  return 1;
}

/** What a command line asks for: checked, and nothing enqueued yet. */
export interface Plan {
  /** Without the line that `--lines` adds. */
  readonly call: Call;
  readonly options: EnqueueOptions;
  readonly jobId: string | undefined;
  readonly unique: boolean;
  readonly description: string | undefined;
  readonly lines: string | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
}

function readPlan({ words, plainWords, options }: CommandLine): Plan {
  const [task = '', ...rest] = words;
  const jobId = options.text('job-id');
  const lines = options.text('lines');
  if (lines !== undefined && jobId !== undefined) {
    throw new RqtError('usage', '--job-id names one job and --lines makes many; use --unique to give each line an id of its own');
  }
  const queue = parseQueueName(options.text('queue') ?? DEFAULT_QUEUE);
  const unique = options.flag('unique');
  return {
    call: parseCall(parseTaskName(task), rest, plainWords, path => readFileSync(path)),
    jobId: jobId === undefined ? undefined : parseJobId(jobId),
    unique,
    description: options.text('description'),
    lines,
    quiet: options.flag('quiet'),
    json: options.flag('json'),
    options: {
      queue,
      limits: readLimits(options),
      atFront: options.flag('at-front'),
      idsMayExist: unique || jobId !== undefined,
    },
  };
}

function readLimits(options: Options): Limits {
  const read = (flag: string, otherwise: number | null, allowZero: boolean) => {
    const text = options.text(flag);
    return text === undefined ? otherwise : parseDuration(text, `--${flag}`, { allowZero });
  };
  return {
    timeoutMs: read('timeout', DEFAULT_LIMITS.timeoutMs, false),
    resultTtlMs: read('result-ttl', DEFAULT_LIMITS.resultTtlMs, true),
    failureTtlMs: read('failure-ttl', DEFAULT_LIMITS.failureTtlMs, true),
    ttlMs: read('ttl', DEFAULT_LIMITS.ttlMs, false),
  };
}

/** One job of a plan; `more` are positional arguments behind those of the command line. */
export function newJob(plan: Plan, more: readonly string[]): NewJob {
  const call = more.length === 0 ? plan.call : { ...plan.call, args: [...plan.call.args, ...more] };
  const id = plan.jobId ?? (plan.unique ? deriveJobId(plan.options.queue, call) : crypto.randomUUID());
  return { id, call, description: plan.description ?? describeCall(call) };
}

/** Prints a job's id as the plan wants it. `state`: of the unfinished job that was in the way, or null. */
export function report(job: NewJob, plan: Plan, state: string | null): void {
  if (plan.quiet || (state !== null && !plan.unique)) return;
  if (!plan.json) return print(job.id);
  const { queue } = plan.options;
  print(
    JSON.stringify({
      version: 1,
      kind: 'enqueued',
      id: job.id,
      queue,
      task: job.call.task,
      enqueued: state === null,
      state: state ?? 'queued',
    }),
  );
}

function ARGUMENT_HELP(): string {
  return [
    'Arguments: text · key=text · :json · key:=json · @file and key=@file (the content of the file) · after --, all is plain text.',
    'Durations: 90 or 90s, 5m, 2h, 1d; -1 for none.',
    'Example:   rqt enqueue tasks/mail#send ann@example.org subject=Hello \'cc:=["bob@example.org"]\' body=@letter.txt',
  ].join('\n');
}

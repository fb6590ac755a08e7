import { readFileSync } from 'node:fs';
import type { CommandLine, Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { type Call, DEFAULT_LIMITS, DEFAULT_QUEUE } from '../../model.ts';
import { parseCall } from '../../parse/call.ts';
import { parseCount } from '../../parse/count.ts';
import { deriveJobId } from '../../parse/dedupe.ts';
import { describeCall } from '../../parse/describe.ts';
import { parseDuration } from '../../parse/duration.ts';
import { parseJobId, parseQueueName, parseTaskName } from '../../parse/names.ts';
import type { EnqueueOptions, JobPlan, NewJob } from '../../store/index.ts';
import { wantsQuiet } from '../shared/exclude.ts';
import { newJobId } from '../shared/new-job-id.ts';
import type { Once } from './once.ts';

/** What an enqueue's command line asks for: checked, and nothing enqueued yet. */
export interface Order {
  /** Without the line that `--lines` adds. */
  readonly call: Call;
  readonly jobId: string | undefined;
  readonly unique: boolean;
  readonly once: Once | undefined;
  /** How many jobs the queue may hold. */
  readonly maxDepth: number | undefined;
  readonly description: string | undefined;
  readonly lines: string | undefined;
  /** Kept in the spool while Redis does not take it. */
  readonly spool: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly queue: string;
  readonly limits: EnqueueOptions['limits'];
  readonly atFront: boolean;
  /** A plan for the next jobs: one with jitter differs each time. */
  readonly nextPlan: () => JobPlan;
  /** Each job wants a plan of its own. */
  readonly plansDiffer: boolean;
}

/** Reads a command line, to the last argument. @throws RqtError for anything wrong with it. */
export async function readOrder({ words, plainWords, options }: CommandLine): Promise<Order> {
  const [task = '', ...rest] = words;
  const jobId = options.text('job-id');
  const lines = options.text('lines');
  if (lines !== undefined && jobId !== undefined) {
    throw new RqtError('usage', '--job-id names one job and --lines makes many; use --unique to give each line an id of its own');
  }
  const maxDepth = options.text('max-depth');
  const common = {
    once: ONCE_FLAGS.some(name => options.has(name)) ? (await import('./once.ts')).readOnce(options) : undefined,
    maxDepth: maxDepth === undefined ? undefined : parseCount(maxDepth, '--max-depth', { example: 1000 }),
    queue: parseQueueName(options.text('queue') ?? DEFAULT_QUEUE),
    jobId: jobId === undefined ? undefined : parseJobId(jobId),
    unique: options.flag('unique'),
    description: options.text('description') || undefined,
    lines,
    spool: options.flag('spool'),
    quiet: wantsQuiet(options),
    json: options.flag('json'),
    limits: readLimits(options),
    atFront: options.flag('at-front'),
    call: parseCall(parseTaskName(task), rest, plainWords, path => readFileSync(path)),
  };
  if (!PLAN_FLAGS.some(name => options.has(name))) return { ...common, nextPlan: () => ({}), plansDiffer: false };
  const { readPlan } = await import('./plan.ts');
  return { ...common, ...readPlan(options, common.jobId) };
}

const ONCE_FLAGS = ['once-per', 'overlap'];

/** Most jobs have none of these: what reads them is loaded when there is one. */
const PLAN_FLAGS = [
  ...['group', 'meta', 'schedule-in', 'schedule-at', 'tz', 'depends-on', 'allow-failure', 'on-parent-failure'],
  ...['retry-max', 'retry-interval', 'backoff', 'retry-delay', 'retry-max-delay', 'jitter', 'repeat', 'repeat-interval'],
  ...['at-most-once', 'max-crashes', 'on-success', 'on-failure', 'on-stopped', 'callback-timeout'],
];

function readLimits(options: Options): EnqueueOptions['limits'] {
  const read = <T>(flag: string, otherwise: T, allowZero: boolean) => {
    const text = options.text(flag);
    return text === undefined ? otherwise : parseDuration(text, `--${flag}`, { allowZero });
  };
  return {
    timeoutMs: read('timeout', DEFAULT_LIMITS.timeoutMs, false),
    resultTtlMs: read('result-ttl', undefined, true),
    failureTtlMs: read('failure-ttl', DEFAULT_LIMITS.failureTtlMs, true),
    ttlMs: read('ttl', DEFAULT_LIMITS.ttlMs, false),
  };
}

/** What the next jobs of an order have in common. */
export function optionsOf({ queue, limits, atFront, unique, jobId, maxDepth, nextPlan }: Order): EnqueueOptions {
  return { queue, limits, atFront, idsMayExist: unique || jobId !== undefined, maxDepth, plan: nextPlan() };
}

/** One job of an order; `more` are positional arguments behind those of the command line. */
export function newJob(order: Order, more: readonly string[]): NewJob {
  const call = more.length === 0 ? order.call : { ...order.call, args: [...order.call.args, ...more] };
  const id = order.jobId ?? (order.unique ? deriveJobId(order.queue, call) : newJobId());
  return { id, call, description: order.description ?? describeCall(call) };
}

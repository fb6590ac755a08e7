import { RqtError } from '../errors.ts';
import { type Call, DEFAULT_LIMITS, type Limits } from '../model.ts';
import { encodeCall, encodeMeta, secondsOf } from './codec.ts';
import type { Db } from './db.ts';
import { type NotYet, type OncePer, onceTerms, readNotYet } from './once.ts';
import { runScript } from './scripts.ts';

/** What several jobs have in common. */
export interface EnqueueOptions {
  readonly queue: string;
  readonly limits: NewLimits;
  readonly atFront: boolean;
  /** Ids were chosen by the caller, so that a job of that id may exist already. */
  readonly idsMayExist: boolean;
  readonly plan?: JobPlan;
  /** How many jobs the queue may hold: those that would be more are not enqueued. */
  readonly maxDepth?: number | undefined;
  /** Redis remembers it, and takes in what comes under it once: a file of the spool may be sent twice. */
  readonly token?: string;
  /** Of the spool: an unfinished job of the same id is what was wanted. */
  readonly isUnique?: boolean;
  /**
   * A running job that enqueues a child: it may, while it holds its lease. An unfinished child of its own is left as it is.
   * What comes twice under one `request` number is done once: a lost connection's commands are sent again.
   */
  readonly by?: { readonly id: string; readonly execution: string; readonly queue: string; readonly request: number };
}

/** A new job's limits; `resultTtlMs` undefined: its worker decides, as in RQ. */
type NewLimits = Omit<Limits, 'resultTtlMs'> & { readonly resultTtlMs: number | null | undefined };

/** When and how often a job is to run, and what happens around it. Durations and times in milliseconds. */
export interface JobPlan {
  readonly dependsOn?: readonly string[];
  /** What a parent's failure, stop or cancellation means: RQ's `wait`, the child is canceled too, or it runs all the same. */
  readonly onParentFailure?: 'wait' | 'cancel' | 'allow';
  readonly due?: { readonly atMs: number } | { readonly inMs: number };
  /** One interval, in whole seconds, for each retry. */
  readonly retry?: { readonly retriesLeft: number; readonly intervals: readonly number[] };
  readonly repeat?: { readonly repeatsLeft: number; readonly intervals: readonly number[] };
  readonly callbacks?: { readonly [on in CallbackName]?: string };
  readonly callbackTimeoutMs?: number | null;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly group?: string;
  readonly atMostOnce?: boolean;
  readonly maxCrashes?: number;
  /** Somebody waits for it: they are to see all that it writes, and how it ends. */
  readonly isAwaited?: boolean;
}

/** RQ's callbacks: tasks that run after the job. */
export type CallbackName = 'success' | 'failure' | 'stopped';

/** One job to be put on a queue. */
export interface NewJob {
  readonly id: string;
  readonly call: Call;
  readonly description: string;
}

/** What became of some new jobs. */
export interface Enqueued {
  readonly kind: 'enqueued';
  /** How many were taken in, those that were canceled at once included. */
  readonly count: number;
  /** Not enqueued, since a job of that id is still unfinished. */
  readonly unfinished: readonly { readonly id: string; readonly state: string }[];
  /** Taken in and canceled at once, since a parent had ended badly. */
  readonly canceled: readonly { readonly id: string; readonly parent: string }[];
  /** How many jobs the queue holds, when that kept the rest from being enqueued: all behind the first `count` + `unfinished`. */
  readonly fullAt: number | null;
}

/**
 * Puts jobs on one queue in one atomic step, in their order. A finished, failed, stopped or canceled job of the same id is
 * replaced; an unfinished one is left alone and reported. A step of some hundred jobs keeps Redis busy for some milliseconds.
 * @throws RqtError `usage` when a job would wait for itself, `tryAgain` when the job that enqueues has lost its lease.
 */
export async function enqueue(db: Db, jobs: readonly NewJob[], options: EnqueueOptions): Promise<Enqueued> {
  return readReply(await send(db, jobs, options));
}

/** Puts a job on a queue unless its slot of time has one. @throws as {@link enqueue} */
export async function enqueueOncePer(
  db: Db,
  job: NewJob,
  { once, ...options }: EnqueueOptions & { readonly once: OncePer },
): Promise<Enqueued | NotYet> {
  const reply = await send(db, [job], options, once);
  return readNotYet(reply.map(String)) ?? readReply(reply);
}

function send(db: Db, jobs: readonly NewJob[], options: EnqueueOptions, once?: OncePer): Promise<unknown[]> {
  const { queue, limits, atFront, idsMayExist, plan = {}, maxDepth = '', by } = options;
  const { dependsOn = [], due, onParentFailure = 'cancel' } = plan;
  const shared = sharedFields(options);
  const args: (string | number | Buffer)[] = [
    ...[queue, flag(atFront), flag(idsMayExist), limits.ttlMs ?? ''],
    ...[due && 'atMs' in due ? due.atMs : '', due && 'inMs' in due ? due.inMs : ''],
    ...[plan.group ?? '', onParentFailure, by ? `${by.queue} ${by.id}:${by.execution} ${by.request}` : ''],
    ...[maxDepth, dependsOn.length, ...dependsOn, shared.length, ...shared, ...onceTerms(once)],
  ];
  for (const job of jobs) args.push(job.id, encodeCall(job.call), job.description);
  return options.token === undefined ? runScript(db, 'enqueue', args) : runScript(db, 'enqueueSpooled', [...args, options.token]);
}

/** The fields that are the same for all jobs of these options: name, value, and so on. */
export function sharedFields({ limits, atFront, plan = {} }: EnqueueOptions): (string | number)[] {
  return [...limitFields(limits), ...(atFront ? ['enqueue_at_front', 1] : []), ...planFields(plan)];
}

function readReply([tag, ...rest]: unknown[]): Enqueued {
  if (tag === 'lost') throw new RqtError('tryAgain', LOST);
  if (tag === 'circle') {
    throw new RqtError(
      'usage',
      `job ${rest[0]} cannot depend on ${rest[1]}: ${rest[0] === rest[1] ? 'that is the job itself' : `${rest[1]} waits for ${rest[0]}`}`,
    );
  }
  const unfinished: { id: string; state: string }[] = [];
  const canceled: { id: string; parent: string }[] = [];
  for (let i = 2; i < rest.length; i += 2) {
    const [id, state] = [String(rest[i]), String(rest[i + 1])];
    if (state.startsWith(CANCELED_BY)) canceled.push({ id, parent: state.slice(CANCELED_BY.length) });
    else unfinished.push({ id, state });
  }
  return { kind: 'enqueued', count: Number(rest[0]), unfinished, canceled, fullAt: rest[1] === '' ? null : Number(rest[1]) };
}

const CANCELED_BY = 'canceled by ';
const LOST = 'the job that enqueues is not run by this worker any more; nothing was enqueued';

/**
 * RQ's field names; a field without a value is omitted, since RQ reads '' as a number and raises. So is, to save memory, the default of
 * failure_ttl, which no worker can change.
 */
function limitFields({ timeoutMs, resultTtlMs, failureTtlMs, ttlMs }: NewLimits): (string | number)[] {
  const fields: (string | number)[] = ['timeout', secondsOf(timeoutMs)];
  if (resultTtlMs !== undefined) fields.push('result_ttl', secondsOf(resultTtlMs));
  if (failureTtlMs !== DEFAULT_LIMITS.failureTtlMs) fields.push('failure_ttl', secondsOf(failureTtlMs));
  if (ttlMs !== null) fields.push('ttl', secondsOf(ttlMs));
  return fields;
}

function planFields(plan: JobPlan): (string | number)[] {
  const fields: (string | number)[] = [];
  const { dependsOn = [], onParentFailure = 'cancel', callbacks = {}, callbackTimeoutMs } = plan;
  if (dependsOn[0] !== undefined) {
    fields.push('dependency_ids', JSON.stringify(dependsOn), 'dependency_id', dependsOn[0]);
    fields.push('allow_dependency_failures', flag(onParentFailure === 'allow'), 'rqt_on_parent_failure', onParentFailure);
  }
  if (plan.retry) fields.push('retries_left', plan.retry.retriesLeft, ...intervalsField('retry_intervals', plan.retry.intervals));
  if (plan.repeat)
    fields.push('repeats_left', plan.repeat.repeatsLeft, ...intervalsField('repeat_intervals', plan.repeat.intervals));
  for (const on of ['success', 'failure', 'stopped'] as const) {
    fields.push(`${on}_callback_name`, callbacks[on] ?? '');
    if (callbacks[on] !== undefined && callbackTimeoutMs !== undefined)
      fields.push(`${on}_callback_timeout`, secondsOf(callbackTimeoutMs));
  }
  if (plan.meta) fields.push('meta', encodeMeta(plan.meta));
  if (plan.atMostOnce) fields.push('rqt_at_most_once', 1);
  if (plan.maxCrashes !== undefined) fields.push('rqt_max_crashes', plan.maxCrashes);
  if (plan.isAwaited) fields.push('rqt_waited', 1);
  return fields;
}

/** RQ fails on an empty list. */
function intervalsField(name: string, intervals: readonly number[]): string[] {
  return intervals.length > 0 ? [name, JSON.stringify(intervals)] : [];
}

function flag(value: boolean): '0' | '1' {
  return value ? '1' : '0';
}

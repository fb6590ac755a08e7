import type { Call, Limits } from '../model.ts';
import { encodeCall, secondsOf } from './codec.ts';
import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** What several jobs have in common. */
export interface EnqueueOptions {
  readonly queue: string;
  readonly limits: Limits;
  readonly atFront: boolean;
  /** Ids were chosen by the caller, so that a job of that id may exist already. */
  readonly idsMayExist: boolean;
}

/** One job to be put on a queue. */
export interface NewJob {
  readonly id: string;
  readonly call: Call;
  readonly description: string;
}

/** How many were enqueued, and which were not since a job of that id is still unfinished. */
export interface Enqueued {
  readonly count: number;
  readonly unfinished: readonly { readonly id: string; readonly state: string }[];
}

/**
 * Puts jobs on one queue in one atomic step, in their order. A finished, failed, stopped or canceled job of the same id is
 * replaced; an unfinished one is left alone and reported. A step of some hundred jobs keeps Redis busy for some milliseconds.
 */
export async function enqueue(db: Db, jobs: readonly NewJob[], options: EnqueueOptions): Promise<Enqueued> {
  const shared = sharedFields(options.limits);
  const args: (string | number | Buffer)[] = [
    options.queue,
    options.atFront ? '1' : '0',
    options.idsMayExist ? '1' : '0',
    options.limits.ttlMs ?? '',
    shared.length,
    ...shared,
  ];
  for (const job of jobs) args.push(job.id, encodeCall(job.call), job.description);
  const [, count, ...rest] = await runScript(db, 'enqueue', args);
  const unfinished: { id: string; state: string }[] = [];
  for (let i = 0; i < rest.length; i += 2) unfinished.push({ id: String(rest[i]), state: String(rest[i + 1]) });
  return { count: Number(count), unfinished };
}

/** RQ's field names; a field without a value is omitted, since RQ reads '' as a number and raises. */
function sharedFields({ timeoutMs, resultTtlMs, failureTtlMs, ttlMs }: Limits): (string | number)[] {
  const fields: (string | number)[] = [
    'timeout',
    secondsOf(timeoutMs),
    'result_ttl',
    secondsOf(resultTtlMs),
    'failure_ttl',
    secondsOf(failureTtlMs),
  ];
  if (ttlMs !== null) fields.push('ttl', secondsOf(ttlMs));
  return fields;
}

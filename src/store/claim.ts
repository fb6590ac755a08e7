import type { Again, Call } from '../model.ts';
import { decodeCall, decodeMeta, encodeError, encodeResult, msOfSeconds, type Serializer, secondsOf } from './codec.ts';
import type { Db } from './db.ts';
import type { CallbackName } from './enqueue.ts';
import { countOf } from './numbers.ts';
import { runScriptForBytes } from './scripts.ts';

/** Who claims, under which new execution id, from which queues in order of priority. */
export interface ClaimRequest {
  readonly worker: string;
  /** Chosen by the caller: a request that is sent twice because its answer got lost claims once. */
  readonly execution: string;
  readonly leaseMs: number;
  readonly queues: readonly string[];
}

/** A job that was started under a lease. `call` is null when the payload cannot be run here; `opaque` says why. */
export interface ClaimedJob {
  readonly id: string;
  readonly queue: string;
  readonly execution: string;
  readonly attempt: number;
  readonly call: Call | null;
  readonly opaque: string | null;
  /** What wrote it, and reads what becomes of it. */
  readonly serializer: Serializer;
  readonly timeoutMs: number | null;
  readonly description: string;
  /** Failures that will still be retried. */
  readonly retriesLeft: number;
  /** How often its task has asked to be tried again. */
  readonly askedRetries: number;
  /** Somebody waits for it: what it writes is handed on, see {@link handOn}. */
  readonly isAwaited: boolean;
  /** JSON text, '' when it has none, or null when `metaOpaque` says why it cannot be read. */
  readonly metaJson: string | null;
  readonly metaOpaque: string | null;
  readonly callbacks: { readonly [on in CallbackName]: Callback | null };
}

/** A task to run after the job. */
export interface Callback {
  readonly task: string;
  /** null: no limit. */
  readonly timeoutMs: number | null;
}

/** The answer to a claim. `suspended`: jobs wait, but these queues are suspended, or with none named all workers. `unregistered`: Redis does not know the worker. */
export type Claim =
  | { readonly kind: 'claimed'; readonly job: ClaimedJob }
  | { readonly kind: 'suspended'; readonly queues: readonly string[] }
  | { readonly kind: 'none' | 'unregistered' };

/** Starts the first job that waits: execution, lease and state in one step. */
export async function claim(db: Db, request: ClaimRequest): Promise<Claim> {
  for (;;) {
    const reply = await runScriptForBytes(db, 'claim', [request.worker, request.execution, leaseOf(request), ...request.queues]);
    const found = await readClaim(reply);
    if (found) return found;
  }
}

/** What an execution left. */
export interface Settlement {
  readonly job: ClaimedJob;
  readonly worker: string;
  readonly outcome: 'finished' | 'failed' | 'stopped';
  /** JSON text, or null when there is none. */
  readonly resultJson: string | null;
  /** Why a finished job has no result, or null. */
  readonly absent: string | null;
  /** What a failed task says of trying again, or null. */
  readonly again: Again | null;
  /** Reason and stack of a failed or stopped one, or null. */
  readonly error: string | null;
  /** That of the command which failed the job, as a shell tells it. */
  readonly exitStatus?: number | undefined;
  readonly output: Output;
  /** For jobs that do not say themselves how long to keep their result. null: for ever. */
  readonly defaultResultTtlMs: number | null;
  /** The callback that was cut short and is left to another worker. */
  readonly callbackDue?: CallbackName | null;
}

/** What a job wrote since the last time, and ids of entries that make room for it. */
export interface Output {
  readonly chunks: readonly OutputChunk[];
  readonly dropped: readonly string[];
}

/** Some bytes that a job wrote: `offset` counts all that it wrote to that stream before them, so that readers see where bytes are missing. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Output as the scripts take it: the dropped ids in one value, then stream, offset and bytes of each chunk. */
export function outputValues({ chunks, dropped }: Output): (string | number | Buffer)[] {
  return [dropped.join(' '), ...chunks.flatMap(({ stream, offset, bytes }) => [stream === 'stdout' ? 1 : 2, offset, bytes])];
}

/** What became of a settlement. `lost`: the lease was lost, nothing was changed. One that arrives twice is answered the same twice. */
export type Settled =
  | { readonly kind: 'finished'; readonly resultTtlMs: number | null }
  | { readonly kind: 'retried'; readonly inMs: number; readonly retriesLeft: number }
  | { readonly kind: 'failed' | 'stopped' | 'lost' };

/** Ends an execution. With `next`, the next job is claimed in the same round trip. */
export async function settle(
  db: Db,
  settlement: Settlement,
  next: ClaimRequest | null,
): Promise<{ settled: Settled; claim: Claim | null }> {
  const { job } = settlement;
  const output = outputValues(settlement.output);
  const reply = await runScriptForBytes(db, 'settle', [
    settlement.outcome,
    job.id,
    job.execution,
    job.queue,
    settlement.worker,
    ...(await encodeLeft(settlement)),
    next?.execution ?? '',
    next ? leaseOf(next) : 0,
    settlement.exitStatus ?? '',
    settlement.callbackDue ?? '',
    output.length,
    ...output,
    ...(next?.queues ?? []),
  ]);
  const settled = readSettled(String(reply[0]), Number(reply[1]), Number(reply[2]));
  if (!next) return { settled, claim: null };
  return { settled, claim: (await readClaim(reply.slice(3))) ?? (await claim(db, next)) };
}

/** What the task left, as the scripts take it: default result_ttl, return_value, exc_string, note. */
async function encodeLeft({ job, ...left }: Settlement): Promise<[number, string, string, string]> {
  return [
    secondsOf(left.defaultResultTtlMs),
    await encodeResult(left.resultJson, job.serializer),
    left.error === null ? '' : encodeError(left.error),
    left.absent ?? noteOf(left.again),
  ];
}

/** What settle_noted() in losing.lua reads: how a task ended, kept before its callback begins. */
export async function outcomeNote(settlement: Settlement): Promise<string> {
  const [default_result_ttl, return_value, exc_string, note] = await encodeLeft(settlement);
  const { job, outcome, exitStatus = '' } = settlement;
  // Not what is no Unicode: the script's reader would refuse all of it.
  const kept = { kind: outcome, execution: job.execution, default_result_ttl, return_value, exc_string, note: wellFormed(note) };
  return JSON.stringify({ ...kept, rqt_exit_status: String(exitStatus) });
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function noteOf(again: Again | null): string {
  if (again === null) return '';
  return again.kind === 'never' ? 'never' : `in ${secondsOf(again.inMs)} ${again.max ?? '-'}`;
}

/** In seconds. */
export function leaseOf({ leaseMs }: ClaimRequest): number {
  return Math.ceil(leaseMs / 1000);
}

function readSettled(tag: string, seconds: number, retriesLeft: number): Settled {
  switch (tag) {
    case 'finished':
      return { kind: 'finished', resultTtlMs: seconds < 0 ? null : seconds * 1000 };
    case 'retried':
      return { kind: 'retried', inMs: seconds * 1000, retriesLeft };
    case 'failed':
    case 'stopped':
    case 'lost':
      return { kind: tag };
    default:
      throw new Error(`settle answered ${tag}`);
  }
}

/** null: the script came upon many dead ids and wants to be called again. */
async function readClaim(reply: readonly unknown[]): Promise<Claim | null> {
  const tag = String(reply[0]);
  switch (tag) {
    case 'again':
      return null;
    case 'suspended':
      return { kind: tag, queues: reply.slice(1).map(String) };
    case 'none':
    case 'unregistered':
      return { kind: tag };
    case 'claimed':
      return { kind: 'claimed', job: await readClaimedJob(reply) };
    default:
      throw new Error(`claim answered ${tag}`);
  }
}

/** Of a claim's reply. */
export async function readClaimedJob(reply: readonly unknown[]): Promise<ClaimedJob> {
  const [, queue, id, execution, attempt, data, timeout, description, retriesLeft, meta, ...callbacks] = reply;
  const notes = await decodeMeta(meta as Buffer);
  return {
    id: String(id),
    queue: String(queue),
    execution: String(execution),
    attempt: Number(attempt),
    ...(await decodeCall(data as Buffer)),
    timeoutMs: msOfSeconds(String(timeout), 180_000),
    description: String(description),
    retriesLeft: countOf(String(retriesLeft)),
    askedRetries: countOf(String(callbacks[6] ?? '')),
    isAwaited: String(callbacks[7] ?? '') !== '',
    metaJson: notes.json,
    metaOpaque: notes.opaque,
    callbacks: {
      success: readCallback(callbacks[0], callbacks[1]),
      failure: readCallback(callbacks[2], callbacks[3]),
      stopped: readCallback(callbacks[4], callbacks[5]),
    },
  };
}

/** RQ's default for callbacks (rq/defaults.py, CALLBACK_TIMEOUT). */
export const DEFAULT_CALLBACK_TIMEOUT_MS = 60_000;

function readCallback(name: unknown, timeout: unknown): Callback | null {
  const task = String(name ?? '');
  return task === '' ? null : { task, timeoutMs: msOfSeconds(String(timeout ?? ''), DEFAULT_CALLBACK_TIMEOUT_MS) };
}

import { type ClaimedJob, type ClaimRequest, leaseOf, type Output, outputValues, readClaimedJob } from './claim.ts';
import { decodeError, decodeResult } from './codec.ts';
import type { Db } from './db.ts';
import type { CallbackName } from './enqueue.ts';
import endCallbackLua from './lua/end_callback.lua';
import takeCallbackLua from './lua/take_callback.lua';
import { runScript, runScriptForBytes, SETTLING } from './scripts.ts';

/** A job that has ended and whose callback is to be run under a lease: its worker died, or was stopped at once. */
export interface DueCallback {
  readonly kind: 'due';
  readonly job: ClaimedJob;
  readonly on: CallbackName;
  /** Why it failed; '' when it did not, or that was not kept. */
  readonly error: string;
  /** What it returned as JSON text, or null. */
  readonly resultJson: string | null;
}

/** A callback that is not tried any more, and why. */
export interface GivenUpCallback {
  readonly kind: 'given-up';
  readonly queue: string;
  readonly id: string;
  readonly why: string;
}

/** Takes a job of these queues whose callback is due, or null. Suspended queues are left alone. */
export async function takeCallback(db: Db, request: ClaimRequest): Promise<DueCallback | GivenUpCallback | null> {
  const reply = await runScriptForBytes(db, TAKE, [request.worker, request.execution, leaseOf(request), ...request.queues]);
  const [tag, queue = '', id = '', why = ''] = reply.slice(0, 4).map(String);
  if (tag === 'none') return null;
  if (tag === 'given-up') return { kind: tag, queue, id, why };
  const [name, left = ''] = reply.slice(-2).map(String);
  const on = name === 'success' || name === 'stopped' ? name : 'failure';
  const result = on === 'success' && left !== '' ? await decodeResult(left) : null;
  const error = on === 'success' || left === '' ? '' : decodeError(left);
  return { kind: 'due', job: await readClaimedJob(reply), on, error, resultJson: result?.json ?? null };
}

/** What came of a callback. `again`: it was cut short by its worker's end and is still due. `error`: why it failed, or null. */
export interface CallbackEnd {
  readonly kind: 'ran' | 'again';
  readonly error: string | null;
  readonly output: Output;
}

/** Ends the execution of a callback; of one whose lease was lost nothing is kept. */
export async function endCallback(db: Db, worker: string, job: ClaimedJob, { kind, error, output }: CallbackEnd): Promise<void> {
  await runScript(db, END, [worker, job.id, job.execution, job.queue, kind, error ?? '', ...outputValues(output)]);
}

const TAKE = { name: 'takeCallback', lua: SETTLING + takeCallbackLua };
const END = { name: 'endCallback', lua: SETTLING + endCallbackLua };

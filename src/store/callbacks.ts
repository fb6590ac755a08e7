import { type ClaimedJob, type ClaimRequest, leaseOf, type Output, outputValues, readClaimedJob } from './claim.ts';
import { decodeError } from './codec.ts';
import type { Db } from './db.ts';
import endCallbackLua from './lua/end_callback.lua';
import takeCallbackLua from './lua/take_callback.lua';
import { runScript, runScriptForBytes, SETTLING } from './scripts.ts';

/** A job that has ended without its worker, which died or was stopped at once, and whose callback is to be run under a lease. */
export interface DueCallback {
  readonly job: ClaimedJob;
  /** How it ended. */
  readonly on: 'failure' | 'stopped';
  /** Why it failed, '' when that was not kept. */
  readonly error: string;
}

/** Takes a job of these queues whose callback is due, or null. Suspended queues are left alone. */
export async function takeCallback(db: Db, request: ClaimRequest): Promise<DueCallback | null> {
  const reply = await runScriptForBytes(db, TAKE, [request.worker, request.execution, leaseOf(request), ...request.queues]);
  if (String(reply[0]) === 'none') return null;
  const [on, error] = reply.slice(-2).map(String);
  return {
    job: await readClaimedJob(reply),
    on: on === 'stopped' ? 'stopped' : 'failure',
    error: error ? decodeError(error) : '',
  };
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

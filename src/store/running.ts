import { STOPPED_BY_USER } from './cancel.ts';
import { type ClaimedJob, type Output, outputValues } from './claim.ts';
import { encodeError, encodeMetaFor } from './codec.ts';
import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/**
 * The answer to a heartbeat. `stop`: somebody wants the running job stopped, `kill`: its executor killed. `lost`: its lease is gone.
 * `unregistered`: Redis does not know the worker. `shutdown`: somebody wants the worker to end, whatever the rest says.
 */
export interface Renewal {
  readonly kind: 'idle' | 'held' | 'stop' | 'kill' | 'lost' | 'unregistered';
  readonly shutdown: boolean;
}

/** A worker's heartbeat, and that of the job it runs. Durations in milliseconds. */
export async function renew(
  db: Db,
  { worker, workerTtlMs, leaseMs, job }: { worker: string; workerTtlMs: number; leaseMs: number; job: ClaimedJob | null },
): Promise<Renewal> {
  const running = job ? [job.id, job.execution, job.queue] : [];
  const [kind, asked] = await runScript(db, 'renew', [
    worker,
    Math.ceil(workerTtlMs / 1000),
    Math.ceil(leaseMs / 1000),
    ...running,
  ]);
  return { kind: kind as Renewal['kind'], shutdown: asked === 'shutdown' };
}

/** What became of a job that was given back. `stopped`: somebody wanted it stopped meanwhile. `failed`: it may be started only once. */
export type GivenBack = 'queued' | 'stopped' | 'failed' | 'lost';

/** Gives a started job back: to the front of its queue, no failure, no crash, no retry spent. `hasBegun`: its task may have done something. */
export async function putBack(db: Db, worker: string, job: ClaimedJob, hasBegun = true): Promise<GivenBack> {
  const [answer] = await runScript(db, 'putBack', [
    worker,
    job.id,
    job.execution,
    job.queue,
    hasBegun ? BEGUN_ONCE : '',
    STOPPED,
  ]);
  return answer as GivenBack;
}

const STOPPED = encodeError(STOPPED_BY_USER);
const BEGUN_ONCE = encodeError('The worker was stopped while it ran this job, which is started at most once (--at-most-once).');

/** Fields of a running job that it, or its worker, may write. */
export type NoteField = 'meta' | 'rqt_progress' | 'rqt_callback_error' | 'rqt_outcome';

/** Writes fields of a running job, its meta (JSON text) as its serialiser does; false when its lease is lost. */
export async function note(db: Db, job: ClaimedJob, fields: { readonly [name in NoteField]?: string }): Promise<boolean> {
  const { meta, ...others } = fields;
  const notes = meta === undefined ? [] : ['meta', await encodeMetaFor(job.serializer, meta)];
  const [answer] = await runScript(db, 'note', [job.id, job.execution, job.queue, ...notes, ...Object.entries(others).flat()]);
  return answer === 'noted';
}

/** Keeps what a running job wrote so far. Returns the ids of the entries, one for each chunk, or null when its lease is lost. */
export async function keepOutput(db: Db, job: ClaimedJob, output: Output): Promise<string[] | null> {
  const [answer, ...ids] = await runScript(db, 'output', [job.id, job.execution, job.queue, ...outputValues(output)]);
  return answer === 'kept' ? ids.map(String) : null;
}

/** Hands what a running job wrote to those who wait for it. Returns the ids of the entries, one for each chunk, or null when its lease is lost. */
export async function handOn(db: Db, job: ClaimedJob, output: Output): Promise<string[] | null> {
  const [answer, ...ids] = await runScript(db, 'live', [job.id, job.execution, job.queue, ...outputValues(output)]);
  return answer === 'kept' ? ids.map(String) : null;
}

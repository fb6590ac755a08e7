import type { ClaimedJob, OutputChunk } from './claim.ts';
import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** The answer to a heartbeat. `stop`: somebody wants the running job stopped. `lost`: its lease is gone. `unregistered`: Redis does not know the worker. */
export type Renewal = 'idle' | 'held' | 'stop' | 'lost' | 'unregistered';

/** A worker's heartbeat, and that of the job it runs. Durations in milliseconds. */
export async function renew(
  db: Db,
  { worker, workerTtlMs, leaseMs, job }: { worker: string; workerTtlMs: number; leaseMs: number; job: ClaimedJob | null },
): Promise<Renewal> {
  const running = job ? [job.id, job.execution, job.queue] : [];
  const [answer] = await runScript(db, 'renew', [worker, Math.ceil(workerTtlMs / 1000), Math.ceil(leaseMs / 1000), ...running]);
  return answer as Renewal;
}

/** Gives a started job back: to the front of its queue, no failure, no crash, no retry spent. `stopped`: somebody wanted it stopped meanwhile. */
export async function putBack(db: Db, worker: string, job: ClaimedJob): Promise<'queued' | 'stopped' | 'lost'> {
  const [answer] = await runScript(db, 'putBack', [worker, job.id, job.execution, job.queue]);
  return answer as 'queued' | 'stopped' | 'lost';
}

/** Keeps what a running job wrote so far, so that `status` shows it while it runs. */
export async function keepOutput(db: Db, job: ClaimedJob, output: readonly OutputChunk[]): Promise<'kept' | 'lost'> {
  const chunks = output.flatMap(chunk => [chunk.stream === 'stdout' ? 1 : 2, chunk.cutBefore, chunk.bytes]);
  const [answer] = await runScript(db, 'output', [job.id, job.execution, job.queue, ...chunks]);
  return answer as 'kept' | 'lost';
}

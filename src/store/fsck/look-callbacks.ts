import { keys } from '../keys.ts';
import { ask, askEach, fieldsOf } from './ask.ts';
import type { JobFields } from './damage.ts';
import type { Finding } from './finding.ts';
import { REGISTRY_OF } from './look-entries.ts';
import type { Look, Scan } from './scan.ts';

/** Ids of jobs whose callback a worker of the queue is to run: is there such a job, and does it owe one? take_callback.lua decides by the same rules. */
export const lookAtCallbacks: Look<'callback'> = async (scan, targets) => {
  const asked = await askEach(scan.db, targets, ({ queue, id }) => [
    ['hmget', keys.job(scan.prefix, id), 'status', 'origin', 'rqt_callback_due'],
    ['lpos', keys.callbacks(scan.prefix, queue), id, 'COUNT', 2],
  ]);
  const findings: Finding[] = [];
  for (const { item: target, replies } of asked) {
    const [fields, positions] = replies;
    const [status = null, origin = null, due = null] = fieldsOf(fields);
    const count = fieldsOf(positions).length;
    const detail = count === 0 ? null : flawOf({ status, origin, due, isTwice: count > 1 }, target.queue);
    if (detail === null) continue;
    const { queue, id: subject } = target;
    const mark = [status, origin, due, count].join('|');
    findings.push({ kind: 'callback-stale', subject, queue, key: keys.callbacks(scan.prefix, queue), detail, mark, target });
  }
  return findings;
};

interface Entry {
  readonly status: string | null;
  readonly origin: string | null;
  readonly due: string | null;
  readonly isTwice: boolean;
}

function flawOf({ status, origin, due, isTwice }: Entry, queue: string): string | null {
  if (status === null && origin === null) return 'there is no such job';
  if (due === null) return 'no callback of the job is due';
  if (!fits(status, due)) return `its on-${due} callback is due, but the job is ${status || 'without a state'}`;
  if (origin && origin !== queue) return `the job is of queue ${origin}`;
  return isTwice ? 'it is there more than once' : null;
}

/** Whether a job is still as its callback is to find it, as callback_fits in endings.lua. */
function fits(status: string | null | undefined, due: string): boolean {
  return due === 'success' ? status === 'finished' : REGISTRY_OF[status ?? ''] === 'failed';
}

/** A job, and what fsck read of it. */
interface Job {
  readonly id: string;
  readonly fields: JobFields;
}

/** Of some jobs those whose callback is due while no worker runs it, nor would ever come to it. */
export async function owedForEver<J extends Job>({ db, prefix }: Scan, jobs: readonly J[]): Promise<J[]> {
  const owing = jobs.filter(({ fields: { status, rqt_callback_due: due } }) => due !== undefined && fits(status, due));
  // A worker takes the one off the list and begins the other in one step: asked in this order, one of them is seen.
  const listed = await ask(
    db,
    owing.map(({ id, fields }) => ['lpos', keys.callbacks(prefix, fields.origin ?? ''), id]),
  );
  const executions = await ask(
    db,
    owing.map(({ id }) => ['zcard', keys.executions(prefix, id)]),
  );
  return owing.filter((_, i) => listed[i] === null && executions[i] === 0);
}

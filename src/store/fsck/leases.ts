import { keys } from '../keys.ts';
import { ask, fieldsOf, WRONG_TYPE } from './ask.ts';
import type { Scan } from './scan.ts';

/** The leases of some queues, `job:execution` each, in RQ 1.13 the job alone; null: the registry holds something else. O(jobs that run there) */
export async function leasesOf({ db, prefix }: Scan, queues: readonly string[]): Promise<Map<string, readonly string[] | null>> {
  const replies = await ask(
    db,
    queues.map(queue => ['zrange', keys.registry(prefix, 'wip', queue), 0, -1]),
  );
  return new Map(
    queues.map((queue, i) => {
      const reply = replies[i];
      return [queue, reply === WRONG_TYPE ? null : fieldsOf(reply).flatMap(member => member ?? [])];
    }),
  );
}

/** Those of all queues: a job runs under the queue on whose list somebody has put it, which need not be its own. */
export async function allLeases(scan: Scan): Promise<readonly string[]> {
  // Which queues there are may be damaged as well: none are known then.
  const [known] = await ask(scan.db, [['smembers', keys.queues(scan.prefix)]]);
  const start = keys.queue(scan.prefix, '');
  const queues = fieldsOf(known).flatMap(key => (key?.startsWith(start) ? key.slice(start.length) : []));
  const perQueue = await leasesOf(scan, queues);
  return [...perQueue.values()].flatMap(leases => leases ?? []);
}

/** The job that a lease stands for. */
export function jobOf(lease: string): string {
  return lease.split(':')[0] ?? '';
}

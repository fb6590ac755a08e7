import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** What RQ keeps of a worker. */
export interface WorkerEntry {
  readonly name: string;
  readonly queues: readonly string[];
  readonly pid: number;
  readonly hostname: string;
  /** As Redis sees it, `addr:port`. */
  readonly address: string;
  readonly version: string;
  /** Names its process beyond doubt, or null where the system does not tell: tells its neighbours when it is gone. */
  readonly process: string | null;
  /** Until Redis forgets a worker that no longer beats. */
  readonly ttlMs: number;
}

/** Makes a worker known. `taken`: a living worker has that name; `again` takes over this worker's own forgotten entry. */
export async function register(db: Db, entry: WorkerEntry, again = false): Promise<'registered' | 'taken'> {
  const fields = [
    ...['queues', entry.queues.join(','), 'pid', entry.pid, 'hostname', entry.hostname, 'ip_address', entry.address],
    ...['version', entry.version, 'state', 'started', 'successful_job_count', 0, 'failed_job_count', 0, 'total_working_time', 0],
    ...['rqt_version', entry.version],
    ...(entry.process === null ? [] : ['rqt_process', entry.process]),
  ];
  const ttl = Math.ceil(entry.ttlMs / 1000);
  const [answer] = await runScript(db, 'register', [
    entry.name,
    ttl,
    again ? '1' : '0',
    entry.queues.length,
    ...entry.queues,
    ...fields,
  ]);
  return answer as 'registered' | 'taken';
}

/** Notes a worker's death, as RQ does: out of the sets, its hash kept for a minute. */
export async function unregister(db: Db, { name, queues }: Pick<WorkerEntry, 'name' | 'queues'>): Promise<void> {
  await runScript(db, 'unregister', [name, ...queues]);
}

/** This connection's own address as Redis sees it, or '' where Redis does not tell (a unix socket has none). */
export async function ownAddress(db: Db): Promise<string> {
  try {
    const info = String(await db.client.client('INFO'));
    return / addr=(\S+)/.exec(info)?.[1] ?? '';
  } catch {
    return '';
  }
}

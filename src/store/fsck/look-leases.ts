import { keys } from '../keys.ts';
import { askEach, fieldsOf, numberOf, WRONG_TYPE } from './ask.ts';
import { type Finding, wrongType } from './finding.ts';
import { allLeases } from './leases.ts';
import type { Look, Scan } from './scan.ts';

/** Leases: do they still run, is their job running, is the rest of the execution there? */
export const lookAtLeases: Look<'lease'> = async (scan, leases) => {
  const asked = await askEach(scan.db, leases, ({ queue, id, execution }) => [
    ['hmget', keys.job(scan.prefix, id), 'status', 'rqt_callback_due'],
    ['hmget', executionKey(scan, id, execution), 'id', 'job_id', 'created_at', 'last_heartbeat'],
    ['zscore', keys.executions(scan.prefix, id), execution],
    ['zcard', keys.executions(scan.prefix, id)],
    ['zscore', keys.registry(scan.prefix, 'wip', queue), memberOf(id, execution)],
  ]);
  const findings: Finding[] = [];
  for (const { item, replies } of asked) {
    const [job, hash, entry, entryCount, lease] = replies;
    const until = numberOf(lease);
    if (until === null || job === WRONG_TYPE) continue;
    const [status = null, callbackDue = null] = fieldsOf(job);
    const common = { subject: item.id, queue: item.queue, key: keys.registry(scan.prefix, 'wip', item.queue), target: item };
    const mark = `${status}|${item.execution}`;
    if (until < Math.floor(scan.now / 1000)) {
      const detail = `its lease lapsed ${new Date(until * 1000).toISOString()}`;
      findings.push({ ...common, kind: 'lease-lapsed', detail, mark: `${mark}|${until}` });
    } else if (status !== 'started' && status !== 'canceled' && callbackDue === null) {
      const detail = status === null ? 'there is no such job' : `the job is ${status}`;
      findings.push({ ...common, kind: 'lease-stale', detail, mark });
    } else if (item.execution !== '' && entry === null && Number(entryCount) > 0) {
      findings.push({ ...common, kind: 'lease-stale', detail: 'another execution of the job has a lease', mark });
    } else if (item.execution !== '' && (entry === null || (hash !== WRONG_TYPE && !isWhole(item, fieldsOf(hash))))) {
      const detail = `execution ${item.execution} has no ${entry === null ? 'entry' : 'hash that RQ can read'}`;
      findings.push({ ...common, kind: 'execution-torn', detail, mark });
    }
  }
  return findings;
};

function isWhole({ id, execution }: { id: string; execution: string }, hash: readonly (string | null)[]): boolean {
  const [ownId, jobId, createdAt, heartbeat] = hash;
  return ownId === execution && jobId === id && EPOCH.test(createdAt ?? '') && EPOCH.test(heartbeat ?? '');
}

const EPOCH = /^\d+\.\d+$/;

/** Executions by their own keys: one without a lease is a leftover. */
export const lookAtExecutions: Look<'execution'> = async (scan, executions) => {
  const jobs = await askEach(scan.db, executions, ({ id }) => [['hmget', keys.job(scan.prefix, id), 'status', 'origin']]);
  const known = jobs.flatMap(({ item, replies: [job] }) => {
    const [status = null, origin = null] = fieldsOf(job);
    // Of a damaged job: which queue's lease it has is not known.
    return job === WRONG_TYPE || (status !== null && !origin) ? [] : [{ ...item, origin }];
  });
  const asked = await askEach(scan.db, known, ({ id, execution, origin }) => [
    ['zscore', keys.registry(scan.prefix, 'wip', origin ?? ''), memberOf(id, execution)],
    ['zscore', keys.executions(scan.prefix, id), execution],
    ['type', executionKey(scan, id, execution)],
  ]);
  const findings: Finding[] = [];
  const running = new Set(asked.some(({ replies: [lease] }) => lease === null) ? await allLeases(scan) : []);
  for (const { item, replies } of asked) {
    const [lease, entry, type] = replies;
    const { origin, ...target } = item;
    const key = executionKey(scan, target.id, target.execution);
    if (type !== 'hash' && type !== 'none') {
      findings.push(wrongType(key, 'hash', `a ${type} in the place of a hash`));
    } else if (!running.has(memberOf(target.id, target.execution)) && lease === null && (entry !== null || type !== 'none')) {
      const detail = `execution ${target.execution} has no lease`;
      findings.push({ kind: 'execution-torn', subject: target.id, queue: origin, key, detail, mark: target.execution, target });
    }
  }
  return findings;
};

function executionKey({ prefix }: Scan, id: string, execution: string): string {
  return `${prefix}:execution:${id}:${execution}`;
}

function memberOf(id: string, execution: string): string {
  return execution === '' ? id : `${id}:${execution}`;
}

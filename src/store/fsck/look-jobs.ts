import { parseStamp } from '../codec.ts';
import { keys } from '../keys.ts';
import { ask, askEach, fieldsOf, numberOf, WRONG_TYPE } from './ask.ts';
import { flawsOf, isKnownState, JOB_FIELDS, type JobFields } from './damage.ts';
import { type Finding, type Kind, wrongType } from './finding.ts';
import { allLeases, jobOf, leasesOf } from './leases.ts';
import { owedForEver } from './look-callbacks.ts';
import { REGISTRY_OF } from './look-entries.ts';
import { filterKey, type Look, type Scan } from './scan.ts';

/** Clocks of producers differ: a job that was enqueued at most so long before fsck began may have come to its list behind its back. */
const YOUNG_MS = 2000;
/** A job that has so little time left is being forgotten: Redis does not do it all at the same instant. */
const FADING_MS = 5000;

interface Job {
  readonly id: string;
  readonly fields: JobFields;
}

/** Jobs: can RQ read them, are they where their state says, and is a callback that they owe to be found? */
export const lookAtJobs: Look<'job'> = async (scan, targets) => {
  const asked = await askEach(scan.db, targets, ({ id }) => [
    ['hmget', keys.job(scan.prefix, id), ...JOB_FIELDS],
    ['hstrlen', keys.job(scan.prefix, id), 'data'],
  ]);
  const findings: Finding[] = [];
  const sound: Job[] = [];
  for (const { item, replies } of asked) {
    if (replies[0] === WRONG_TYPE) {
      findings.push(wrongType(keys.job(scan.prefix, item.id), 'hash', 'not a hash'));
      continue;
    }
    const job = { id: item.id, fields: readFields(replies[0]) };
    const payloadBytes = Number(replies[1]);
    if (Object.keys(job.fields).length === 0 && payloadBytes === 0) {
      if (scan.isSecond && !(await exists(scan, item.id))) continue;
      findings.push(findingOf(scan, job, 'job-ghost', 'neither a payload nor a state'));
      continue;
    }
    const flaws = flawsOf(job.fields, payloadBytes);
    if (payloadBytes === 0 && job.fields.status === undefined)
      findings.push(findingOf(scan, job, 'job-ghost', 'neither a payload nor a state'));
    else if (flaws.length > 0) findings.push(findingOf(scan, job, 'job-damaged', `its ${flaws.join(', ')} cannot be read`));
    if (!flaws.some(name => name === 'data' || name === 'status' || name === 'origin')) sound.push(job);
  }
  return [...findings, ...(await misplaced(scan, sound))];
};

async function exists(scan: Scan, id: string): Promise<boolean> {
  return (await ask(scan.db, [['exists', keys.job(scan.prefix, id)]]))[0] === 1;
}

async function misplaced(scan: Scan, jobs: readonly Job[]): Promise<Finding[]> {
  const perState = await Promise.all([
    lostQueued(
      scan,
      jobs.filter(({ fields }) => fields.status === 'queued'),
    ),
    lostStarted(
      scan,
      jobs.filter(({ fields }) => fields.status === 'started'),
    ),
    unregistered(
      scan,
      jobs.filter(({ fields }) => REGISTRY_OF[fields.status ?? ''] !== undefined),
    ),
    unheard(scan, jobs),
  ]);
  return perState.flat();
}

async function lostQueued(scan: Scan, jobs: readonly Job[]): Promise<Finding[]> {
  const suspects = jobs.filter(
    ({ id, fields }) => !isYoung(scan, fields) && !scan.filter.has(filterKey(fields.origin ?? '', id)),
  );
  const lost = scan.isSecond ? await notListed(scan, jobs) : suspects;
  return lost.map(job => findingOf(scan, job, 'queued-lost', `on no queue; it was for ${job.fields.origin}`));
}

function isYoung(scan: Scan, { enqueued_at, created_at }: JobFields): boolean {
  return (parseStamp(enqueued_at || created_at) ?? 0) > scan.startedAt - YOUNG_MS;
}

async function notListed(scan: Scan, jobs: readonly Job[]): Promise<Job[]> {
  const asked = await askEach(scan.db, jobs, ({ id, fields }) => {
    const list = keys.queue(scan.prefix, fields.origin ?? '');
    return [
      ['lpos', list, id],
      ['lpos', `${list}:intermediate`, id],
    ];
  });
  return asked.filter(({ replies }) => replies.every(reply => reply === null)).map(({ item }) => item);
}

async function lostStarted(scan: Scan, jobs: readonly Job[]): Promise<Finding[]> {
  const leases = await leasesOf(scan, [...new Set(jobs.map(({ fields }) => fields.origin ?? ''))]);
  const running = new Map([...leases].map(([queue, members]) => [queue, members && new Set(members.map(jobOf))]));
  const suspects = jobs.filter(({ id, fields }) => running.get(fields.origin ?? '')?.has(id) === false);
  if (suspects.length === 0) return [];
  const runningAnywhere = new Set((await allLeases(scan)).map(jobOf));
  return suspects
    .filter(({ id }) => !runningAnywhere.has(id))
    .map(job => findingOf(scan, job, 'started-lost', 'nobody holds its lease'));
}

async function unregistered(scan: Scan, jobs: readonly Job[]): Promise<Finding[]> {
  const asked = await askEach(scan.db, jobs, ({ id, fields }) => [
    ['zscore', keys.registry(scan.prefix, REGISTRY_OF[fields.status ?? ''] ?? 'failed', fields.origin ?? ''), id],
    ['pttl', keys.job(scan.prefix, id)],
  ]);
  return asked
    .filter(({ replies: [score, left] }) => score === null && !isFading(left))
    .map(({ item: job }) => findingOf(scan, job, 'registry-lost', `${job.fields.status}, but not in that registry`));
}

async function unheard(scan: Scan, jobs: readonly Job[]): Promise<Finding[]> {
  const owed = await owedForEver(scan, jobs);
  return owed.map(job =>
    findingOf(scan, job, 'callback-lost', `its on-${job.fields.rqt_callback_due} callback is due, and listed nowhere`),
  );
}

function isFading(left: unknown): boolean {
  const ms = numberOf(left) ?? -2;
  return ms === -2 || (ms >= 0 && ms < FADING_MS);
}

function findingOf(scan: Scan, { id, fields }: Job, kind: Kind, detail: string): Finding {
  const { status, origin, enqueued_at, started_at, rqt_attempts } = fields;
  return {
    kind,
    subject: id,
    queue: origin || null,
    key: keys.job(scan.prefix, id),
    detail: isKnownState(status) || !status ? detail : `${detail} (state ${status})`,
    mark: [detail, status, enqueued_at, started_at, rqt_attempts].join('|'),
    target: { area: 'job', id },
  };
}

function readFields(reply: unknown): JobFields {
  const values = fieldsOf(reply);
  return Object.fromEntries(JOB_FIELDS.flatMap((name, i) => (typeof values[i] === 'string' ? [[name, values[i]]] : [])));
}

import { JOB_STATES } from '../../model.ts';

/** The fields of a job's hash that fsck reads; the payload's length besides. */
export const JOB_FIELDS = [
  'status',
  'origin',
  'created_at',
  'timeout',
  'enqueued_at',
  'started_at',
  'ended_at',
  'last_heartbeat',
  'rqt_attempts',
  'rqt_callback_due',
  'result_ttl',
  'failure_ttl',
  'ttl',
  'retries_left',
  'repeats_left',
  'success_callback_timeout',
  'failure_callback_timeout',
  'stopped_callback_timeout',
  'enqueue_at_front',
  'allow_dependency_failures',
  'dependency_ids',
  'retry_intervals',
  'repeat_intervals',
] as const;

/** A job's hash as far as fsck reads it. */
export type JobFields = Readonly<Partial<Record<(typeof JOB_FIELDS)[number], string>>>;

/** States of Python's RQ that rqt does not write: such a job is where its program wants it. */
const FOREIGN_STATES = ['created', 'rate_limited', 'ready_to_enqueue'];

/** A time as RQ writes it. */
export const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?Z$/;
const INTEGER = /^-?\d+$/;

/** What would break a reader of RQ's (RQ-LAYOUT section 7), field by field; empty when the hash is sound. mend_job.lua corrects the same. */
export function flawsOf(fields: JobFields, payloadBytes: number): string[] {
  const flaws: string[] = [];
  const check = (name: keyof JobFields, isRight: (value: string) => boolean) => {
    const value = fields[name];
    if (value !== undefined && !isRight(value)) flaws.push(name);
  };
  if (payloadBytes === 0) flaws.push('data');
  if (!isKnownState(fields.status) && !FOREIGN_STATES.includes(fields.status ?? '')) flaws.push('status');
  if (!fields.origin) flaws.push('origin');
  if (!STAMP.test(fields.created_at ?? '')) flaws.push('created_at');
  if (fields.status !== 'created' && !INTEGER.test(fields.timeout ?? '')) flaws.push('timeout');
  check('enqueued_at', value => STAMP.test(value));
  for (const name of ['started_at', 'ended_at', 'last_heartbeat'] as const)
    check(name, value => value === '' || STAMP.test(value));
  for (const name of NUMBERS) check(name, value => INTEGER.test(value));
  for (const name of ['enqueue_at_front', 'allow_dependency_failures'] as const)
    check(name, value => value === '0' || value === '1');
  for (const name of ['dependency_ids', 'retry_intervals', 'repeat_intervals'] as const) check(name, isList);
  return flaws;
}

/** Whether a state is one of rqt's. */
export function isKnownState(status: string | null | undefined): boolean {
  return (JOB_STATES as readonly string[]).includes(status ?? '');
}

/** Whether a state belongs on a queue's list, or is not for rqt to judge. */
export function mayBeListed(status: string): boolean {
  return status === 'queued' || status === 'rate_limited' || status === 'ready_to_enqueue';
}

const NUMBERS = [
  'result_ttl',
  'failure_ttl',
  'ttl',
  'retries_left',
  'repeats_left',
  'success_callback_timeout',
  'failure_callback_timeout',
  'stopped_callback_timeout',
] as const;

function isList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

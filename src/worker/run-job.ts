import type { EndedExecution } from '../ended-execution.ts';
import { ForkError, type Outcome } from '../executor/index.ts';
import { failpoint } from '../failpoint.ts';
import {
  type Claim,
  type ClaimedJob,
  type ClaimRequest,
  type GivenBack,
  handOn,
  type Output,
  putBack,
  type Settled,
  type Settlement,
  STOPPED_BY_USER,
  settle,
} from '../store/index.ts';
import { runCallback } from './callbacks.ts';
import { Capture } from './capture.ts';
import { beginNow, type End, endedExecution, endOf, LOST, spanSince } from './ended.ts';
import { runInExecutor } from './execute.ts';
import { LiveOutput } from './live-output.ts';
import { untilDone } from './patience.ts';
import type { Slot } from './slot.ts';
import { whileUnkept } from './unkept.ts';

/** What a job's run came to, and the next claim when one was made in the same round trip. `ended` is null when it did not begin: no executor could be started, or the worker is to stop at once. */
export interface JobEnd {
  readonly ended: EndedExecution | null;
  readonly next: Claim | null;
}

/** When a job is settled: which one to claim in the same step, null for none. */
export type NextRequest = (outcome: Outcome['kind']) => ClaimRequest | null;

/** Runs one claimed job in an executor and settles it. */
export async function runJob(slot: Slot, job: ClaimedJob, nextRequest: NextRequest): Promise<JobEnd> {
  const { log } = slot.options;
  if (slot.asked === 'cold') {
    // It was asked while the claim was under way. A warm stop finishes what Redis knows as running.
    await giveBack(slot, job, { reason: 'the worker is stopping', hasBegun: false });
    return NOT_BEGUN;
  }
  const began = beginNow();
  log({
    event: 'job_started',
    queue: job.queue,
    jobId: job.id,
    description: job.description || job.call?.task || '',
    attempt: job.attempt,
  });
  if (__FAILPOINTS__) failpoint('job.claimed');
  const capture = new Capture(job.isAwaited ? new LiveOutput() : null);
  let outcome: Outcome;
  try {
    outcome = await execute(slot, job, capture);
  } catch (error) {
    if (!(error instanceof ForkError)) throw error;
    log({ event: 'error', text: `${error.message}; no job is taken until one can be started` });
    await giveBack(slot, job, { reason: 'no executor could be started', hasBegun: false });
    return NOT_BEGUN;
  }
  // Before the end is kept: that may take as long as Redis is away.
  const span = spanSince(began);
  const ended = (end: End) => endedExecution(slot, job, span, end);
  if (outcome.kind === 'stopped' && outcome.by === 'lost') return { ended: ended({ fate: 'lost', reason: LOST }), next: null };
  if (outcome.kind === 'stopped' && outcome.by === 'cold') {
    const reason = 'the worker was stopped';
    return { ended: ended({ fate: await giveBack(slot, job, { reason, hasBegun: true }), reason }), next: null };
  }

  if (__FAILPOINTS__) failpoint('job.ended');
  const { settled, claim } = await whileUnkept(slot, job, async warn => {
    const left = settlementOf(slot, job, outcome, NO_OUTPUT);
    const callbackDue = await runCallback(slot, { job, outcome, settlement: left, capture, warn });
    if (callbackDue) slot.hasDueCallbacks = true;
    await handOnRest(slot, job, capture);
    const settlement = { ...left, output: await capture.takeRest(), callbackDue };
    const request = nextRequest(outcome.kind);
    return untilDone(slot, () => settle(slot.db, settlement, request), warn);
  });
  if (__FAILPOINTS__) failpoint('job.settled');
  const record = ended(endOf(outcome, settled));
  tell(slot, job, { outcome, settled, durationMs: record.endedAt - record.startedAt });
  return { ended: record, next: claim };
}

const NOT_BEGUN: JobEnd = { ended: null, next: null };
const NO_OUTPUT: Output = { chunks: [], dropped: [] };

async function execute(slot: Slot, job: ClaimedJob, capture: Capture): Promise<Outcome> {
  if (!job.call) {
    return {
      kind: 'failed',
      failure: { reason: `this worker cannot read what the job calls: ${job.opaque}${hintFor(job)}`, trace: '' },
    };
  }
  const call = {
    ...{ jobId: job.id, executionId: job.execution, queue: job.queue, attempt: job.attempt },
    ...{ timeoutMs: job.timeoutMs, metaJson: job.metaJson ?? '' },
    ...job.call,
  };
  return failedIfKilled(await runInExecutor(slot, job, call, capture));
}

/** Those who wait find the last output before the end. */
async function handOnRest(slot: Slot, job: ClaimedJob, { live }: Capture): Promise<void> {
  if (!live) return;
  const { log } = slot.options;
  await untilDone(
    slot,
    () => live.flush(output => handOn(slot.db, job, output)),
    reason => log({ event: 'debug', text: `the output of job ${job.id} cannot be handed on yet, trying again: ${reason}` }),
  );
}

/** RQ's kill-horse is no stop: the job has failed, and its retries apply. */
function failedIfKilled(outcome: Outcome): Outcome {
  if (outcome.kind !== 'stopped' || outcome.by !== 'kill') return outcome;
  return { kind: 'failed', failure: { reason: 'the job was killed by a user (rqt kill)', trace: '' } };
}

function hintFor({ serializer, queue }: ClaimedJob): string {
  return serializer === 'pickle' ? ` (pass plain data, or keep queue ${queue} for Python's workers)` : '';
}

function settlementOf({ options, entry }: Slot, job: ClaimedJob, outcome: Outcome, output: Output): Settlement {
  const common = { job, worker: entry.name, output, again: null, defaultResultTtlMs: options.resultTtlMs };
  switch (outcome.kind) {
    case 'finished':
      return { ...common, outcome: 'finished', resultJson: outcome.resultJson, absent: outcome.absent, error: null };
    case 'failed':
      return {
        ...common,
        outcome: 'failed',
        resultJson: null,
        absent: null,
        error: errorText(outcome.failure),
        exitStatus: outcome.failure.exitStatus,
        again: outcome.again ?? null,
      };
    case 'stopped':
      return { ...common, outcome: 'stopped', resultJson: null, absent: null, error: STOPPED_BY_USER };
  }
}

/** The stack where there is one (it begins with the reason), else the reason. */
function errorText({ reason, trace }: { reason: string; trace: string }): string {
  if (trace === '') return reason;
  return trace.startsWith(reason) ? trace : `${reason}\n${trace}`;
}

async function giveBack(
  slot: Slot,
  job: ClaimedJob,
  { reason, hasBegun }: { reason: string; hasBegun: boolean },
): Promise<'put back' | Exclude<GivenBack, 'queued'>> {
  const { log } = slot.options;
  const answer = await untilDone(
    slot,
    () => putBack(slot.db, slot.entry.name, job, hasBegun),
    trouble => log({ event: 'warning', text: `job ${job.id} cannot be put back yet, trying again: ${trouble}` }),
  );
  if (answer === 'queued') log({ event: 'job_put_back', queue: job.queue, jobId: job.id, reason });
  else if (answer === 'stopped') log({ event: 'job_stopped', queue: job.queue, jobId: job.id });
  else if (answer === 'failed')
    log({ event: 'job_failed', queue: job.queue, jobId: job.id, reason: `${reason} (--at-most-once)`, trace: '', durationMs: 0 });
  else log({ event: 'lease_lost', queue: job.queue, jobId: job.id });
  return answer === 'queued' ? 'put back' : answer;
}

/** What RQ's worker tells of a job's end, in its order. */
function tell(
  slot: Slot,
  job: ClaimedJob,
  { outcome, settled, durationMs }: { outcome: Outcome; settled: Settled; durationMs: number },
): void {
  const { log } = slot.options;
  const of = { queue: job.queue, jobId: job.id };
  switch (settled.kind) {
    case 'finished':
      if (outcome.kind === 'finished') {
        log({ event: 'job_ok', ...of, durationMs });
        if (outcome.absent !== null) log({ event: 'result_absent', ...of, reason: outcome.absent });
      }
      log({ event: 'result_kept', ...of, ttlMs: settled.resultTtlMs });
      return;
    case 'retried':
      if (outcome.kind === 'failed') {
        log({
          event: 'job_retried',
          ...of,
          reason: outcome.failure.reason,
          delayMs: settled.inMs,
          retriesLeft: settled.retriesLeft,
          ...askedOf(job, outcome),
        });
      }
      return;
    case 'failed':
      if (outcome.kind === 'failed')
        log({ event: 'job_failed', ...of, reason: outcome.failure.reason, trace: outcome.failure.trace, durationMs });
      return;
    case 'stopped':
      log({ event: 'job_stopped', ...of });
      return;
    case 'lost':
      log({ event: 'late_result_dropped', ...of });
      return;
  }
}

/** What is told of a retry that the task asked for. */
function askedOf({ askedRetries }: ClaimedJob, { again }: Extract<Outcome, { kind: 'failed' }>) {
  return again?.kind === 'in' ? { asked: askedRetries + 1, askedMax: again.max } : { asked: null, askedMax: null };
}

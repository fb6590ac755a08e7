import { type Attempt, DEFAULT_LIMITS, type Interruption, type JobDetails, type Life } from '../model.ts';
import { readJson } from '../parse/exact-json.ts';
import { redisNow } from './clock.ts';
import { decodeCall, decodeError, decodeMeta, decodeResult, msOfSeconds, parseEpoch, parseStamp } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { countOf, timeOf } from './numbers.ts';
import { readOutput } from './output.ts';

/** Everything `rqt status` shows of a job, or null when there is none of this id. It only reads. */
export async function details(db: Db, id: string): Promise<JobDetails | null> {
  const { client, prefix } = db;
  const [readAt, bytes, results, output, forgottenIn] = await Promise.all([
    redisNow(db),
    client.hgetallBuffer(keys.job(prefix, id)) as Promise<Record<string, Buffer>>,
    client.xrange(keys.results(prefix, id), '-', '+'),
    readOutput(db, id),
    client.pttl(keys.job(prefix, id)),
  ]);
  if (Object.keys(bytes).length === 0) return null;
  const hash = Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, value.toString('utf8')]));
  const read = await Promise.all(results.map(([, fields]) => readAttempt(pairs(fields))));
  const attempts = read.map(({ attempt }) => attempt);
  const unreadable = read.at(-1)?.unreadable;
  const notes = await decodeMeta(bytes.meta ?? Buffer.alloc(0));
  return {
    id,
    queue: hash.origin ?? '',
    description: hash.description ?? '',
    ...(await readCall(bytes.data)),
    limits: {
      timeoutMs: msOfSeconds(hash.timeout, DEFAULT_LIMITS.timeoutMs),
      resultTtlMs: msOfSeconds(hash.result_ttl, DEFAULT_LIMITS.resultTtlMs),
      failureTtlMs: msOfSeconds(hash.failure_ttl, DEFAULT_LIMITS.failureTtlMs),
      ttlMs: msOfSeconds(hash.ttl, null),
    },
    createdAt: parseStamp(hash.created_at),
    enqueuedAt: parseStamp(hash.enqueued_at),
    life: await readLife(db, id, hash),
    attemptCount: countAttempts(hash, attempts.length),
    interruptions: readInterruptions(hash.rqt_interruptions),
    crashes: countOf(hash.rqt_crashes),
    attempts,
    resultAbsent: hash.rqt_absent ?? unreadable ?? null,
    callbackError: hash.rqt_callback_error ?? null,
    callbackDue: readCallbackDue(hash),
    expiresAt: hash.status === 'queued' ? timeOf(hash.rqt_expires) : null,
    progress: readProgress(hash.rqt_progress),
    metaJson: isJson(notes.json) ? notes.json : null,
    metaOpaque: notes.opaque,
    group: hash.group_id || null,
    parents: readParents(hash.dependency_ids),
    retriesLeft: countOf(hash.retries_left),
    repeatsLeft: countOf(hash.repeats_left),
    stdout: output.stdout,
    stderr: output.stderr,
    forgottenInMs: forgottenIn >= 0 ? forgottenIn : null,
    readAt,
  };
}

/** Python's workers do not count: what their attempts left tells how many there were at least. */
function countAttempts({ rqt_attempts: counted, status }: Readonly<Record<string, string>>, results: number): number {
  return Math.max(countOf(counted), results + (status === 'started' ? 1 : 0));
}

async function readCall(data: Buffer | undefined): Promise<Pick<JobDetails, 'call' | 'opaque'>> {
  const { call, opaque } = await decodeCall(data ?? Buffer.alloc(0));
  return { call, opaque };
}

function readCallbackDue(hash: Readonly<Record<string, string>>): JobDetails['callbackDue'] {
  const on = hash.rqt_callback_due;
  return on === undefined ? null : { on, task: hash[`${on}_callback_name`] ?? '' };
}

/** As note_interruption() in endings.lua writes them. */
function readInterruptions(json: string | undefined): Interruption[] {
  return parseList(json).flatMap(entry => {
    if (!Array.isArray(entry)) return [];
    const [execution, worker, began, ended, why] = entry.map(String);
    const times = { startedAt: parseEpoch(began), endedAt: parseEpoch(ended) };
    return [{ why: why === 'stopped' ? 'stopped' : 'died', executionId: execution || null, worker: worker || null, ...times }];
  });
}

function readProgress(json: string | undefined): JobDetails['progress'] {
  const [fraction, note] = parseList(json);
  if (typeof fraction !== 'number') return null;
  return { fraction: Math.min(Math.max(fraction, 0), 1), note: typeof note === 'string' ? note : '' };
}

function readParents(json: string | undefined): string[] {
  return parseList(json).filter(parent => typeof parent === 'string');
}

function parseList(json: string | undefined): unknown[] {
  try {
    const value: unknown = JSON.parse(json ?? '');
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function isJson(text: string | null | undefined): text is string {
  try {
    readJson(text ?? '');
    return true;
  } catch {
    return false;
  }
}

async function readLife(db: Db, id: string, hash: Readonly<Record<string, string>>): Promise<Life> {
  const { client, prefix } = db;
  const queue = hash.origin ?? '';
  const state = hash.status ?? '';
  const ended = { startedAt: parseStamp(hash.started_at), endedAt: parseStamp(hash.ended_at), worker: hash.worker_name || null };
  switch (state) {
    case 'queued': {
      const position = await client.lpos(keys.queue(prefix, queue), id);
      return { state, enqueuedAt: parseStamp(hash.enqueued_at), position };
    }
    case 'started':
      return { state, startedAt: ended.startedAt, worker: ended.worker, leaseUntil: await leaseOf(db, id, queue) };
    case 'scheduled':
      return { state, dueAt: parseEpoch(await client.zscore(keys.registry(prefix, 'scheduled', queue), id)) };
    case 'deferred':
      return { state, waitsFor: (await client.smembers(keys.dependencies(prefix, id))).sort() };
    case 'canceled': {
      return {
        state,
        canceledAt: timeOf(hash.rqt_canceled_at) ?? parseEpoch(await client.zscore(keys.registry(prefix, 'canceled', queue), id)),
        reason: hash.rqt_reason ?? null,
      };
    }
    case 'finished':
    case 'failed':
    case 'stopped':
      return { state, ...ended };
    default:
      return { state: 'other', name: state };
  }
}

async function leaseOf(db: Db, id: string, queue: string): Promise<number | null> {
  const executions = await db.client.zrange(keys.executions(db.prefix, id), '0', '-1');
  const newest = executions.at(-1);
  if (newest === undefined) return null;
  return parseEpoch(await db.client.zscore(keys.registry(db.prefix, 'wip', queue), `${id}:${newest}`));
}

const OUTCOMES: Readonly<Record<string, Attempt['outcome']>> = {
  1: 'finished',
  2: 'failed',
  3: 'stopped',
  4: 'retried',
  5: 'out of retries',
};

/** `unreadable`: why its result cannot be shown, or null. */
async function readAttempt(fields: ReadonlyMap<string, string>): Promise<{ attempt: Attempt; unreadable: string | null }> {
  const outcome = OUTCOMES[fields.get('type') ?? ''] ?? 'failed';
  const result = fields.get('return_value');
  const error = fields.get('exc_string');
  const found = outcome === 'finished' && result ? await decodeResult(result) : null;
  const attempt = {
    outcome,
    executionId: fields.get('execution_id') ?? null,
    worker: fields.get('worker_name') || null,
    startedAt: parseEpoch(fields.get('execution_started_at')),
    endedAt: parseEpoch(fields.get('execution_ended_at')),
    resultJson: found?.json ?? null,
    error: error ? decodeError(error) : null,
  };
  return { attempt, unreadable: found?.opaque ?? null };
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(flat[i] ?? '', flat[i + 1] ?? '');
  return map;
}

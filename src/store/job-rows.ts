import { JOB_STATES, type JobRow, type JobState } from '../model.ts';
import { decodeCall, parseStamp } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { countOf, timeOf } from './numbers.ts';

/** Which jobs are listed. Times in milliseconds since the epoch. */
export interface JobQuery {
  readonly queues: readonly string[];
  readonly states: readonly JobState[];
  readonly group: string | null;
  readonly since: number | null;
  /** Whether a task is wanted; null: every one is. */
  readonly isWantedTask: ((task: string) => boolean) | null;
  /** Whether rows are to have their task: it costs reading the payload. */
  readonly withTask: boolean;
  /** Hears of how many jobs were looked at, page by page; those of a group are looked at twice. */
  readonly onLooked?: (count: number) => void;
}

/** Where a job was found: its id, the states that it must be in to belong there, and its score where that is a time (epoch seconds). */
export interface Found {
  readonly id: string;
  readonly states: readonly JobState[];
  readonly score: number | null;
}

const FIELDS = [
  'status',
  'origin',
  'description',
  'created_at',
  'enqueued_at',
  'started_at',
  'ended_at',
  'worker_name',
  'group_id',
  'rqt_attempts',
  'rqt_canceled_at',
] as const;

/** Payloads that are fetched at once: together at most this, or one. */
const PAYLOAD_BYTES = 8 * 2 ** 20;

/** The rows of a page, newest first: of jobs that exist, are where they were found, and are wanted. */
export async function readRows(db: Db, page: readonly Found[], query: JobQuery): Promise<JobRow[]> {
  const needsTask = query.withTask || query.isWantedTask !== null;
  const { rows, payloadBytes } = await readFields(db, page, { query, needsTask });
  query.onLooked?.(page.length);
  const told = needsTask ? await withTasks(db, rows, payloadBytes) : rows;
  const wanted = query.isWantedTask;
  const chosen = wanted ? told.filter(({ task }) => task !== null && wanted(task)) : told;
  return chosen.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
}

/** Since when a job is in its state, from its fields and its score. */
export function timeInState(
  state: JobState,
  fields: Readonly<Record<string, string | null>>,
  score: number | null,
): number | null {
  const scoreMs = score === null || !Number.isFinite(score) || score < 0 ? null : Math.round(score * 1000);
  switch (state) {
    case 'queued':
      return parseStamp(fields.enqueued_at) ?? parseStamp(fields.created_at);
    case 'started':
      return parseStamp(fields.started_at);
    case 'deferred':
    case 'scheduled':
      return scoreMs;
    case 'canceled':
      return timeOf(fields.rqt_canceled_at) ?? scoreMs;
    case 'finished':
    case 'failed':
    case 'stopped':
      return parseStamp(fields.ended_at);
  }
}

async function readFields(
  db: Db,
  page: readonly Found[],
  { query, needsTask }: { query: JobQuery; needsTask: boolean },
): Promise<{ rows: JobRow[]; payloadBytes: Map<string, number> }> {
  const pipeline = db.client.pipeline();
  for (const { id } of page) {
    pipeline.hmget(keys.job(db.prefix, id), ...FIELDS);
    if (needsTask) pipeline.hstrlen(keys.job(db.prefix, id), 'data');
  }
  const replies = (await pipeline.exec()) ?? [];
  const perJob = needsTask ? 2 : 1;
  const payloadBytes = new Map<string, number>();
  const rows = page.flatMap((found, i) => {
    const [error, values] = replies[i * perJob] ?? [null, null];
    if (error) throw error;
    if (needsTask) payloadBytes.set(found.id, Number(replies[i * perJob + 1]?.[1] ?? 0));
    return readRow(found, (values ?? []) as (string | null)[], query);
  });
  return { rows, payloadBytes };
}

function readRow({ id, states, score }: Found, values: readonly (string | null)[], query: JobQuery): JobRow[] {
  const fields = Object.fromEntries(FIELDS.map((name, i) => [name, values[i] ?? null])) as Record<
    (typeof FIELDS)[number],
    string | null
  >;
  const state = JOB_STATES.find(name => name === fields.status);
  const queue = fields.origin ?? '';
  if (!state || !states.includes(state) || !query.states.includes(state)) return [];
  const at = timeInState(state, fields, score);
  if (query.since !== null && (at === null || at < query.since)) return [];
  return [
    {
      id,
      state,
      queue,
      description: fields.description ?? '',
      task: null,
      at,
      createdAt: parseStamp(fields.created_at),
      enqueuedAt: parseStamp(fields.enqueued_at),
      startedAt: parseStamp(fields.started_at),
      endedAt: parseStamp(fields.ended_at),
      worker: fields.worker_name || null,
      group: fields.group_id || null,
      // Python's workers do not count: one that was started was started once at least.
      attemptCount: countOf(fields.rqt_attempts, fields.started_at ? 1 : 0),
    },
  ];
}

/** Payloads may be large: they are fetched in parts of bounded size. */
async function withTasks(db: Db, rows: readonly JobRow[], payloadBytes: ReadonlyMap<string, number>): Promise<JobRow[]> {
  const told: JobRow[] = [];
  for (let from = 0; from < rows.length; ) {
    let bytes = payloadBytes.get(rows[from]?.id ?? '') ?? 0;
    let to = from + 1;
    for (; to < rows.length; to += 1) {
      bytes += payloadBytes.get(rows[to]?.id ?? '') ?? 0;
      if (bytes > PAYLOAD_BYTES) break;
    }
    const part = rows.slice(from, to);
    const payloads = await Promise.all(part.map(({ id }) => db.client.hgetBuffer(keys.job(db.prefix, id), 'data')));
    const tasks = await Promise.all(payloads.map(taskOf));
    told.push(...part.map((row, i) => ({ ...row, task: tasks[i] ?? null })));
    from = to;
  }
  return told;
}

async function taskOf(data: Buffer | null): Promise<string | null> {
  return data ? ((await decodeCall(data)).call?.task ?? null) : null;
}

import type { JobRow, JobState } from '../model.ts';
import { parseStamp } from './codec.ts';
import type { Db } from './db.ts';
import type { JobQuery } from './job-rows.ts';
import { type Found, readRows } from './job-rows.ts';
import { keys, type Registry } from './keys.ts';

/** Up to this many jobs of one place are put in order of time; in a longer registry the order of scores has to do. */
const SORTED_SIZE = 1000;
/** The same for jobs whose scores say nothing about time: those that run, and those that are kept for ever. */
const SORTED_WITHOUT_SCORE = 10_000;
const FIRST_PAGE = 50;
const LARGEST_PAGE = 500;

/** Opens one source of rows for each queue and state that has jobs. Two round trips for all of them. */
export async function openPlaces(db: Db, query: JobQuery): Promise<AsyncGenerator<JobRow>[]> {
  const registries = REGISTRIES.filter(({ states }) => states.some(state => query.states.includes(state)));
  const perQueue = await Promise.all(
    query.queues.map(async queue => [
      ...(query.states.includes('queued') ? [openList(db, queue, query)] : []),
      ...(await Promise.all(registries.map(registry => openRegistry(db, { ...registry, queue }, query)))).flat(),
    ]),
  );
  return perQueue.flat();
}

interface RegistryPlace {
  readonly registry: Registry;
  readonly states: readonly JobState[];
  /** The hash's field that orders by time what the score does not. */
  readonly timeField: 'started_at' | 'ended_at' | null;
  /** Scores of jobs that are kept for ever, and so at which end of the registry they are: RQ's +inf and -1. */
  readonly forever: 'first' | 'last' | null;
}

const REGISTRIES: readonly RegistryPlace[] = [
  { registry: 'wip', states: ['started'], timeField: 'started_at', forever: null },
  { registry: 'finished', states: ['finished'], timeField: 'ended_at', forever: 'first' },
  { registry: 'failed', states: ['failed', 'stopped'], timeField: 'ended_at', forever: 'last' },
  { registry: 'deferred', states: ['deferred'], timeField: null, forever: null },
  { registry: 'scheduled', states: ['scheduled'], timeField: null, forever: null },
  { registry: 'canceled', states: ['canceled'], timeField: null, forever: null },
];

/** A part of a sorted set, by rank from the highest score: from `from` up to `to`, exclusive. */
interface Part extends RegistryPlace {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly scoreIsTime: boolean;
}

async function openRegistry(
  db: Db,
  place: RegistryPlace & { readonly queue: string },
  query: JobQuery,
): Promise<AsyncGenerator<JobRow>[]> {
  const key = keys.registry(db.prefix, place.registry, place.queue);
  const [count, forever] = await Promise.all([db.client.zcard(key), countForever(db, key, place)]);
  const split = place.forever === 'first' ? forever : count - forever;
  const parts: Part[] = [
    { ...place, key, from: 0, to: split, scoreIsTime: place.forever !== 'first' && place.registry !== 'wip' },
    { ...place, key, from: split, to: count, scoreIsTime: place.forever === 'first' },
  ];
  return parts.filter(({ from, to }) => to > from).map(part => rowsOf(db, pagesOf(db, part, query), query));
}

async function countForever(db: Db, key: string, { forever }: RegistryPlace): Promise<number> {
  if (forever === 'first') return db.client.zcount(key, '+inf', '+inf');
  return forever === 'last' ? db.client.zcount(key, '-inf', '(0') : 0;
}

async function* rowsOf(db: Db, pages: AsyncGenerator<Found[]>, query: JobQuery): AsyncGenerator<JobRow> {
  for await (const page of pages) yield* await readRows(db, page, query);
}

function pagesOf(db: Db, part: Part, query: JobQuery): AsyncGenerator<Found[]> {
  const size = part.to - part.from;
  const isSorted = part.timeField !== null && size <= (part.scoreIsTime ? SORTED_SIZE : SORTED_WITHOUT_SCORE);
  return isSorted ? sortedPages(db, part) : rankedPages(db, part, query);
}

/** In the order of scores; ends where scores, which no end of a job comes after, are before what is wanted. */
async function* rankedPages(db: Db, part: Part, { since }: Pick<JobQuery, 'since'>): AsyncGenerator<Found[]> {
  const least = part.scoreIsTime && since !== null ? Math.floor(since / 1000) : Number.NEGATIVE_INFINITY;
  let before: ReadonlySet<string> = new Set();
  for (const [from, to] of ranges(part.from, part.to)) {
    const found = await readRange(db, part, from, to);
    // A registry that grows meanwhile moves what was read already.
    const fresh = found.filter(({ id, score }) => !before.has(id) && (score ?? 0) >= least);
    before = new Set(found.map(({ id }) => id));
    yield fresh;
    if (found.length === 0 || (found.at(-1)?.score ?? 0) < least) return;
  }
}

/** In the order of time: ids and times of all are read first. */
async function* sortedPages(db: Db, part: Part): AsyncGenerator<Found[]> {
  const times = new Map<string, { found: Found; at: number }>();
  for (const [from, to] of ranges(part.from, part.to)) {
    const page = await readRange(db, part, from, to);
    const pipeline = db.client.pipeline();
    for (const { id } of page) pipeline.hget(keys.job(db.prefix, id), part.timeField ?? '');
    const replies = (await pipeline.exec()) ?? [];
    for (const [i, found] of page.entries()) {
      const [error, stamp] = replies[i] ?? [null, null];
      if (error) throw error;
      // Without a time, and mostly without a hash.
      if (typeof stamp === 'string') times.set(found.id, { found, at: parseStamp(stamp) ?? 0 });
    }
  }
  const sorted = [...times.values()].sort((a, b) => b.at - a.at).map(({ found }) => found);
  for (const [from, to] of ranges(0, sorted.length)) yield sorted.slice(from, to);
}

async function readRange(db: Db, { key, states, registry }: Part, from: number, to: number): Promise<Found[]> {
  const flat = await db.client.zrevrange(key, from, to - 1, 'WITHSCORES');
  const found: Found[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const member = flat[i] ?? '';
    // `job:execution`, in RQ 1.13 the job alone.
    const id = registry === 'wip' ? (member.split(':')[0] ?? '') : member;
    found.push({ id, states, score: Number(flat[i + 1]) });
  }
  return found;
}

/** A queue from its back, where the newest are. Those that were put in front are found last. */
async function* openList(db: Db, queue: string, query: JobQuery): AsyncGenerator<JobRow> {
  const key = keys.queue(db.prefix, queue);
  let before: ReadonlySet<string> = new Set();
  for (const [from, to] of ranges(0, Number.POSITIVE_INFINITY)) {
    const ids = (await db.client.lrange(key, -to, -from - 1)).reverse();
    const rows = await readRows(db, queuedOf(ids.filter(id => !before.has(id))), query);
    before = new Set(ids);
    yield* rows;
    if (ids.length < to - from) return;
    if (rows.length === 0 && query.since !== null && (await areOlder(db, ids, query))) {
      yield* frontOf(db, { key, end: (await db.client.llen(key)) - to }, query);
      return;
    }
  }
}

/** The head of a list, up to where its back is older than what is wanted. */
async function* frontOf(db: Db, { key, end }: { key: string; end: number }, query: JobQuery): AsyncGenerator<JobRow> {
  for (const [from, to] of ranges(0, end)) {
    const ids = await db.client.lrange(key, from, to - 1);
    yield* await readRows(db, queuedOf(ids), query);
    if (await areOlder(db, ids, query)) return;
  }
}

/** Whether no job of these is recent enough, whatever else is wanted of it. */
async function areOlder(db: Db, ids: readonly string[], query: JobQuery): Promise<boolean> {
  const recent = await readRows(db, queuedOf(ids), { ...query, isWantedTask: null, withTask: false });
  return recent.length === 0;
}

function queuedOf(ids: readonly string[]): Found[] {
  return ids.map(id => ({ id, states: ['queued'], score: null }));
}

/** Pages that grow: few rows are had cheaply, many in few round trips. */
function* ranges(from: number, to: number): Generator<[from: number, to: number]> {
  let size = FIRST_PAGE;
  for (let at = from; at < to; size = Math.min(size * 2, LARGEST_PAGE)) {
    const next = Math.min(at + size, to);
    yield [at, next];
    at = next;
  }
}

import { CATCH_UPS, type CronEntry, DEFAULT_CATCH_UP, DEFAULT_OVERLAP, type GivenFlag, OVERLAPS } from '../../cron-entry.ts';
import { redisNow } from '../clock.ts';
import { decodeCall } from '../codec.ts';
import type { Db } from '../db.ts';
import { keys } from '../keys.ts';
import { countOf, timeOf } from '../numbers.ts';

/** The timetable, or the entries of these names, in the order of their names; `now` is Redis's clock. It only reads. */
export async function cronEntries(
  db: Db,
  names?: readonly string[],
): Promise<{ readonly now: number; readonly entries: readonly CronEntry[] }> {
  const wanted = names ?? (await cronNames(db));
  const found: CronEntry[] = [];
  for (let from = 0; from < wanted.length; from += PAGE) {
    const page = await Promise.all(wanted.slice(from, from + PAGE).map(name => readEntry(db, name)));
    for (const entry of page) if (entry) found.push(entry);
  }
  return { now: await redisNow(db), entries: found.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

const PAGE = 500;

/** The names of all entries. */
export async function cronNames({ client, prefix }: Db): Promise<string[]> {
  return client.zrange(keys.cron(prefix), '0', '-1');
}

async function readEntry({ client, prefix }: Db, name: string): Promise<CronEntry | null> {
  const bytes = (await client.hgetallBuffer(keys.cronEntry(prefix, name))) as Record<string, Buffer>;
  if (Object.keys(bytes).length === 0) return null;
  const hash = Object.fromEntries(Object.entries(bytes).map(([field, value]) => [field, value.toString('utf8')]));
  const id = hash.last_job;
  return {
    name,
    expression: hash.expression ?? '',
    zone: hash.zone ?? 'UTC',
    catchUp: CATCH_UPS.find(known => known === hash.catch_up) ?? DEFAULT_CATCH_UP,
    overlap: OVERLAPS.find(known => known === hash.overlap) ?? DEFAULT_OVERLAP,
    queue: hash.queue ?? '',
    description: hash.description ?? '',
    call: bytes.data ? (await decodeCall(bytes.data)).call : null,
    flags: readFlags(hash.flags),
    paused: hash.paused === '1',
    nextSlot: timeOf(hash.next),
    lastSlot: timeOf(hash.last),
    lastJob: id ? { id, state: (await client.hget(keys.job(prefix, id), 'status')) ?? null } : null,
    missed: readMissed(hash),
    retry: hash.retry ?? '',
  };
}

function readMissed({ missed, missed_count: count, missed_fired: fired }: Readonly<Record<string, string>>): CronEntry['missed'] {
  const slot = timeOf(missed);
  return slot === null ? null : { slot, count: countOf(count, 1), fired: countOf(fired) };
}

function readFlags(json: string | undefined): GivenFlag[] {
  try {
    const flags: unknown = JSON.parse(json ?? '[]');
    return Array.isArray(flags) ? flags.filter(isFlag) : [];
  } catch {
    return [];
  }
}

function isFlag(flag: unknown): flag is GivenFlag {
  const [name, value] = Array.isArray(flag) ? (flag as unknown[]) : [];
  return typeof name === 'string' && (typeof value === 'string' || value === null);
}

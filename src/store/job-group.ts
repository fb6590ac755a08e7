import { JOB_STATES, type JobState } from '../model.ts';
import type { Db } from './db.ts';
import type { JobQuery } from './job-rows.ts';
import { type Found, timeInState } from './job-rows.ts';
import { keys, type Registry } from './keys.ts';

const PAGE = 500;
const FIELDS = ['status', 'origin', 'created_at', 'enqueued_at', 'started_at', 'ended_at', 'rqt_canceled_at'] as const;
/** States whose time is told by the score alone. */
const SCORED: Partial<Readonly<Record<JobState, Registry>>> = {
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
};

interface Member extends Found {
  readonly at: number;
}

/** A group's jobs in pages, newest first. Of each its id and time are held meanwhile. */
export async function* groupPages(db: Db, query: JobQuery, group: string): AsyncGenerator<Found[]> {
  const members = new Map<string, Member>();
  let cursor = '0';
  do {
    const [next, ids] = await db.client.sscan(keys.group(db.prefix, group), cursor, 'COUNT', PAGE);
    for (const member of await readMembers(db, ids, query)) members.set(member.id, member);
    query.onLooked?.(ids.length);
    cursor = next;
  } while (cursor !== '0');
  const sorted = [...members.values()].sort((a, b) => b.at - a.at);
  for (let from = 0; from < sorted.length; from += PAGE) yield sorted.slice(from, from + PAGE);
}

async function readMembers(db: Db, ids: readonly string[], { queues, states }: JobQuery): Promise<Member[]> {
  const all = await Promise.all(ids.map(id => db.client.hmget(keys.job(db.prefix, id), ...FIELDS)));
  const members = ids.map(async (id, i): Promise<Member[]> => {
    const fields = Object.fromEntries(FIELDS.map((name, at) => [name, all[i]?.[at] ?? null]));
    const state = JOB_STATES.find(name => name === fields.status);
    const queue = fields.origin ?? '';
    if (!state || !states.includes(state) || !queues.includes(queue)) return [];
    const registry = SCORED[state];
    const score = registry ? await db.client.zscore(keys.registry(db.prefix, registry, queue), id) : null;
    const found = { id, states: [state], score: score === null ? null : Number(score) };
    return [{ ...found, at: timeInState(state, fields, found.score) ?? 0 }];
  });
  return (await Promise.all(members)).flat();
}

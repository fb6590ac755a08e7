import { keys, type Registry } from '../keys.ts';
import { askEach, fieldsOf, numberOf, WRONG_TYPE } from './ask.ts';
import { isKnownState, mayBeListed } from './damage.ts';
import type { Finding, Kind, Target } from './finding.ts';
import { filterKey, type Look, type Scan } from './scan.ts';

type Entry = Extract<Target, { area: 'entry' }>;

/** An entry whose time is over by more than so many times the grace is one that nobody sweeps: RQ itself sweeps every ten minutes. */
export const UNSWEPT_GRACES = 10;

/** Which registry a state keeps its jobs in. */
export const REGISTRY_OF: Readonly<Record<string, Exclude<Registry, 'wip'>>> = {
  finished: 'finished',
  failed: 'failed',
  stopped: 'failed',
  canceled: 'canceled',
  deferred: 'deferred',
  scheduled: 'scheduled',
};

/** Ids on lists and in registries: is there a job, and does it belong there? */
export const lookAtEntries: Look<'entry'> = async (scan, entries) => {
  const asked = await askEach(scan.db, entries, entry => [
    ...presenceOf(scan, entry),
    ['hmget', keys.job(scan.prefix, entry.id), 'status', 'origin', 'enqueued_at', 'repeats_left', 'rqt_attempts'],
  ]);
  const findings: Finding[] = [];
  for (const { item: entry, replies } of asked) {
    const fields = replies.at(-1);
    if (fields === WRONG_TYPE) continue;
    const found = entry.place === 'queue' ? judgeQueued(scan, entry, replies) : judgeOther(scan, entry, replies);
    if (!found) continue;
    findings.push({
      ...found,
      subject: entry.id,
      queue: entry.queue,
      key: placeKey(scan, entry),
      mark: fieldsOf(fields).join('|'),
      target: entry,
    });
  }
  return findings;
};

type Judged = Pick<Finding, 'kind' | 'detail'> | null;

/** On a list, a search is too dear for each: where an id was just read, it is there. */
function presenceOf(scan: Scan, entry: Entry) {
  const key = placeKey(scan, entry);
  if (entry.place !== 'queue' && entry.place !== 'intermediate') return [['zscore', key, entry.id] as const];
  return scan.isSecond ? [['lpos', key, entry.id, 'COUNT', 2] as const] : [];
}

function judgeQueued(scan: Scan, { queue, id }: Entry, replies: unknown[]): Judged {
  const positions = replies.length > 1 ? replies[0] : null;
  const isTwice = Array.isArray(positions) ? positions.length > 1 : scan.filter.add(filterKey(queue, id));
  if (Array.isArray(positions) && positions.length === 0) return null;
  const [status, origin] = fieldsOf(replies.at(-1));
  if (status === null && origin === null) return is('queue-ghost', 'there is no such job');
  if (!status || (!isKnownState(status) && status !== 'created' && !mayBeListed(status))) return null;
  if (!mayBeListed(status)) return is('queue-stale', `the job is ${status}`);
  if (origin && origin !== queue) return is('queue-stale', `the job is of queue ${origin}`);
  return isTwice ? is('queue-twice', 'it is there more than once') : null;
}

function judgeOther(scan: Scan, { place, queue }: Entry, replies: unknown[]): Judged {
  const presence = replies.length > 1 ? replies[0] : 'read';
  if (presence === null || presence === WRONG_TYPE || (Array.isArray(presence) && presence.length === 0)) return null;
  const [status, origin, , repeatsLeft] = fieldsOf(replies.at(-1));
  if (place === 'intermediate')
    return is('queue-stranded', status === null ? 'there is no such job' : `the job is ${status || 'without a state'}`);
  if (status === null && origin === null) {
    return isOver(scan, place, presence, 0)
      ? unswept(scan, place, presence)
      : is('registry-ghost', `there is no such ${place} job`);
  }
  const isHere = REGISTRY_OF[status ?? ''] === place;
  if (isHere && (!origin || origin === queue)) return unswept(scan, place, presence);
  // RQ leaves a job that is repeated among the finished, whatever becomes of it next.
  if (place === 'finished' && repeatsLeft && origin === queue) return null;
  const what = isHere ? `of queue ${origin}` : status || 'without a state';
  return is('registry-stale', `among the ${place}, the job is ${what}`);
}

function unswept(scan: Scan, place: string, score: unknown): Judged {
  if (!isOver(scan, place, score, UNSWEPT_GRACES * scan.graceMs)) return null;
  return is('registry-unswept', `its time among the ${place} ended ${new Date(1000 * (numberOf(score) ?? 0)).toISOString()}`);
}

/** The scores of these two are until when an entry is kept; a negative one is for ever. */
function isOver(scan: Scan, place: string, score: unknown, byMs: number): boolean {
  const until = numberOf(score);
  return (place === 'finished' || place === 'failed') && until !== null && until >= 0 && until * 1000 <= scan.now - byMs;
}

function is(kind: Kind, detail: string): Judged {
  return { kind, detail };
}

function placeKey({ prefix }: Scan, { place, queue }: Entry): string {
  if (place === 'queue') return keys.queue(prefix, queue);
  return place === 'intermediate' ? `${keys.queue(prefix, queue)}:intermediate` : keys.registry(prefix, place, queue);
}

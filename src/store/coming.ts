import type { Db } from './db.ts';
import { keys } from './keys.ts';

/** What is still to come on some queues that have no queued job. */
export interface Coming {
  /** Jobs that run now, anywhere, and may leave something. */
  readonly running: number;
  /** Jobs that are scheduled until the given time. */
  readonly scheduled: number;
  /** Jobs that are scheduled for later. */
  readonly scheduledLater: number;
  /** Whether a deferred job waits for a parent that has not ended. */
  readonly deferred: boolean;
}

/** How many deferred jobs are looked at: one that waits for something is enough. */
const SAMPLE = 100;

/** Looks what may still become a queued job on these queues until a time (milliseconds of Redis's clock). It only reads. */
export async function coming(db: Db, queues: readonly string[], untilMs: number): Promise<Coming> {
  const { client, prefix } = db;
  const counts = await Promise.all(
    queues.map(async queue => ({
      running: await client.zcard(keys.registry(prefix, 'wip', queue)),
      scheduled: await client.zcount(keys.registry(prefix, 'scheduled', queue), '-inf', untilMs / 1000),
      scheduledLater: await client.zcount(keys.registry(prefix, 'scheduled', queue), `(${untilMs / 1000}`, '+inf'),
      deferred: await client.zrange(keys.registry(prefix, 'deferred', queue), '0', String(SAMPLE - 1)),
    })),
  );
  const waiting = counts.flatMap(({ deferred }) => deferred);
  const known = await readWithParents(db, waiting);
  const answers = new Map<string, boolean>();
  return {
    running: sum(counts.map(({ running }) => running)),
    scheduled: sum(counts.map(({ scheduled }) => scheduled)),
    scheduledLater: sum(counts.map(({ scheduledLater }) => scheduledLater)),
    deferred: waiting.some(id => isComing(known, id, untilMs, answers)),
  };
}

/** A job and, when it is deferred, those that it waits for; when it is scheduled, until when (milliseconds). */
interface Waiting {
  readonly status: string | null;
  readonly dueMs: number;
  readonly parents: readonly string[];
}

/** How many jobs are looked at on the way up; who waits for more is believed to wait for something. */
const MOST_JOBS = 2000;

/** Reads deferred jobs and those above them, one generation after the other. */
async function readWithParents(db: Db, ids: readonly string[]): Promise<Map<string, Waiting>> {
  const known = new Map<string, Waiting>();
  let generation = [...new Set(ids)];
  while (generation.length > 0 && known.size < MOST_JOBS) {
    const found = await Promise.all(generation.map(id => readWaiting(db, id)));
    generation.forEach((id, i) => {
      const job = found[i];
      if (job) known.set(id, job);
    });
    generation = [...new Set(found.flatMap(({ parents }) => parents))].filter(id => !known.has(id));
  }
  return known;
}

async function readWaiting({ client, prefix }: Db, id: string): Promise<Waiting> {
  const [status = null, queue] = await client.hmget(keys.job(prefix, id), 'status', 'origin');
  const due = status === 'scheduled' ? await client.zscore(keys.registry(prefix, 'scheduled', queue ?? ''), id) : null;
  const parents = status === 'deferred' ? await client.smembers(keys.dependencies(prefix, id)) : [];
  return { status, dueMs: Number(due ?? 0) * 1000, parents };
}

const UNENDED = new Set(['queued', 'started', 'scheduled', 'deferred']);

/** Whether a job may have run until a time: it is on its way, or waits for jobs of which all that have not ended are. */
function isComing(known: ReadonlyMap<string, Waiting>, id: string, untilMs: number, answers: Map<string, boolean>): boolean {
  const job = known.get(id);
  if (!job) return true;
  const answer = answers.get(id);
  if (answer !== undefined) return answer;
  // Who waits for himself (Python lets him) does not come.
  answers.set(id, false);
  const unended = job.parents.filter(parent => !known.has(parent) || UNENDED.has(known.get(parent)?.status ?? ''));
  const comes =
    job.status === 'deferred'
      ? unended.length > 0 && unended.every(parent => isComing(known, parent, untilMs, answers))
      : UNENDED.has(job.status ?? '') && job.dueMs <= untilMs;
  answers.set(id, comes);
  return comes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

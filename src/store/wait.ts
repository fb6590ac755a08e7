import { redisNow } from './clock.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { untilRead } from './passing.ts';

/** The end of a job that was waited for. `gone`: it vanished, and how it ended is not known for sure. */
export interface WaitedJob {
  readonly id: string;
  readonly state: 'finished' | 'failed' | 'stopped' | 'canceled' | 'gone';
  /** Whether it counts as finished; null: nobody knows. */
  readonly ok: boolean | null;
}

/** How often all jobs are looked at; between two looks their results streams wake. */
const LOOK_EVERY_MS = 1000;
/** One XREAD watches so many jobs; the looks bring the turn of the others. */
const MOST_WATCHED = 100;
const PAGE = 1000;

/** A job that has not ended yet: as it was seen last. */
interface Open {
  readonly state: string;
  /** Whether the job is deleted as soon as it finishes; null: its worker decides (--result-ttl of rqt worker). */
  readonly vanishesFinished: boolean | null;
  readonly vanishesFailed: boolean;
}

/** Jobs whose ends are awaited. It only reads. */
export class Vigil {
  readonly #db: Db;
  readonly #open = new Map<string, Open | null>();
  /** Where each results stream was read to; without an entry, to the vigil's start. */
  readonly #read = new Map<string, string>();
  #startedAt = 0;

  constructor(db: Db, ids: readonly string[]) {
    this.#db = db;
    for (const id of ids) this.#open.set(id, null);
  }

  /** The first look: which jobs have ended already, and of which ids there is no job. Neither are waited for. */
  async begin(): Promise<{ ended: WaitedJob[]; missing: string[] }> {
    this.#startedAt = await redisNow(this.#db);
    const ended = await this.#look([...this.#open.keys()]);
    const isMissing = (job: WaitedJob) => job.state === 'gone';
    return { ended: ended.filter(job => !isMissing(job)), missing: ended.filter(isMissing).map(({ id }) => id) };
  }

  /** Those that have not ended yet, and their states. */
  unfinished(): { id: string; state: string }[] {
    return [...this.#open].map(([id, job]) => ({ id, state: job?.state ?? 'unknown' }));
  }

  /** Each job as it ends, in no order among those that end together. A job that is retried or repeated has not ended. */
  async *ends(): AsyncGenerator<WaitedJob, void> {
    while (this.#open.size > 0) {
      const nextLookAt = performance.now() + LOOK_EVERY_MS;
      for (let leftMs = LOOK_EVERY_MS; this.#open.size > 0 && leftMs > 0; leftMs = Math.ceil(nextLookAt - performance.now())) {
        yield* await untilRead(async () => this.#look(await this.#woken(leftMs)));
      }
      yield* await untilRead(() => this.#look([...this.#open.keys()]));
    }
  }

  async #look(ids: readonly string[]): Promise<WaitedJob[]> {
    const ended: WaitedJob[] = [];
    for (const { id, found } of await this.#states(ids)) {
      const end = endOf(id, found, this.#open.get(id) ?? null);
      if (end) {
        ended.push(end);
        this.#open.delete(id);
      } else this.#open.set(id, found);
    }
    return ended;
  }

  async #states(ids: readonly string[]): Promise<{ id: string; found: Open | null }[]> {
    const states: { id: string; found: Open | null }[] = [];
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE);
      const pipeline = this.#db.client.pipeline();
      for (const id of page) pipeline.hmget(keys.job(this.#db.prefix, id), 'status', 'result_ttl', 'failure_ttl');
      const replies = (await pipeline.exec()) ?? [];
      for (const [index, id] of page.entries()) {
        const [error, fields] = replies[index] ?? [null, []];
        if (error) throw error;
        states.push({ id, found: readOpen(fields as (string | null)[]) });
      }
    }
    return states;
  }

  /** The ids of jobs that an attempt has ended of, waiting for the first one. Redis's own clock makes the ids of the entries. */
  async #woken(maxMs: number): Promise<string[]> {
    const ids = [...this.#open.keys()].slice(0, MOST_WATCHED);
    const start = keys.results(this.#db.prefix, '');
    const streams = ids.map(id => keys.results(this.#db.prefix, id));
    const cursors = ids.map(id => this.#read.get(id) ?? `${this.#startedAt}-0`);
    const replies = await this.#db.client.xread('COUNT', 1, 'BLOCK', maxMs, 'STREAMS', ...streams, ...cursors);
    return (replies ?? []).map(([key, entries]) => {
      const id = String(key).slice(start.length);
      this.#read.set(id, entries.at(-1)?.[0] ?? '0-0');
      return id;
    });
  }
}

/** The ids of a group's jobs, those included that are gone; none when there is no such group. */
export function groupMembers(db: Db, group: string): Promise<string[]> {
  return db.client.smembers(keys.group(db.prefix, group));
}

/** Whether Redis knows a group of this name that has jobs. */
export async function hasGroup(db: Db, group: string): Promise<boolean> {
  return (await db.client.exists(keys.group(db.prefix, group))) === 1;
}

function readOpen([state, resultTtl, failureTtl]: readonly (string | null)[]): Open | null {
  if (!state) return null;
  return { state, vanishesFinished: resultTtl === null ? null : resultTtl === '0', vanishesFailed: failureTtl === '0' };
}

/** Whether a job that vanished has finished: a finished one that is not kept does, but so does one that somebody deletes. */
function isFinishedIfGone(before: Open | null): boolean | null {
  if (!before) return null;
  if (before.vanishesFinished) return true;
  if (before.vanishesFailed) return false;
  // One that runs is not deleted by rqt.
  return before.vanishesFinished === null && before.state === 'started' ? true : null;
}

function endOf(id: string, found: Open | null, before: Open | null): WaitedJob | null {
  switch (found?.state) {
    case undefined:
      return before?.vanishesFinished && !before.vanishesFailed
        ? { id, state: 'finished', ok: true }
        : { id, state: 'gone', ok: isFinishedIfGone(before) };
    case 'finished':
      return { id, state: 'finished', ok: true };
    case 'failed':
    case 'stopped':
    case 'canceled':
      return { id, state: found.state, ok: false };
    default:
      return null;
  }
}

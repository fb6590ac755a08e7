import type { Db } from './db.ts';
import { keys } from './keys.ts';

/** What is still to come on some queues that have no queued job. */
export interface Coming {
  /** Jobs that run now, anywhere, and may leave something. */
  readonly running: number;
  /** Jobs that are scheduled until the given time. */
  readonly scheduled: number;
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
      deferred: await client.zrange(keys.registry(prefix, 'deferred', queue), '0', String(SAMPLE - 1)),
    })),
  );
  const waits = await Promise.all(counts.flatMap(({ deferred }) => deferred).map(id => waitsForSomething(db, id)));
  return {
    running: sum(counts.map(({ running }) => running)),
    scheduled: sum(counts.map(({ scheduled }) => scheduled)),
    deferred: waits.includes(true),
  };
}

const UNENDED = new Set(['queued', 'started', 'scheduled', 'deferred']);

async function waitsForSomething({ client, prefix }: Db, id: string): Promise<boolean> {
  const parents = await client.smembers(keys.dependencies(prefix, id));
  const states = await Promise.all(parents.map(parent => client.hget(keys.job(prefix, parent), 'status')));
  return states.length > 0 && states.some(state => state !== null && UNENDED.has(state));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

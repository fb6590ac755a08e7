import type { CatchUp } from '../../cron-entry.ts';
import { RqtError } from '../../errors.ts';
import { STOPPED_WITHOUT_WORKER } from '../cancel.ts';
import type { Db } from '../db.ts';
import { runCronScript } from './scripts.ts';

/** Enqueues an entry's job now; its slots stay. `retry`: {@link DueEntry.retry}, and `more` fields that were made of it. */
export async function runCron(
  db: Db,
  { name, id, retry, more }: { name: string; id: string; retry: string; more: readonly string[] },
): Promise<{ readonly kind: 'enqueued' | 'unknown' | 'changed' | 'taken'; readonly queue: string }> {
  const [kind, queue] = await runCronScript(db, 'cronRun', [name, id, jsonOf(more), retry]);
  return { kind: kind as 'enqueued', queue: String(queue ?? '') };
}

/** An entry whose slot has come. Times are epoch milliseconds. */
export interface DueEntry {
  readonly name: string;
  readonly nextSlot: number;
  readonly expression: string;
  readonly zone: string;
  readonly catchUp: CatchUp;
  /** What each job's own waits before retries are made of, as JSON; '': nothing. */
  readonly retry: string;
}

/** The entries whose slot has come, a hundred at the most, the longest overdue first, and what time it is. It changes nothing. */
export async function dueCron(db: Db): Promise<{ readonly now: number; readonly entries: readonly DueEntry[] }> {
  const [, now, ...rest] = (await runCronScript(db, 'cronDue', [])).map(String);
  const entries: DueEntry[] = [];
  for (let i = 0; i + 5 < rest.length; i += 6) {
    const [name = '', nextSlot, expression = '', zone = '', catchUp, retry = ''] = rest.slice(i, i + 6);
    entries.push({ name, nextSlot: Number(nextSlot), expression, zone, catchUp: catchUp as CatchUp, retry });
  }
  return { now: Number(now), entries };
}

/** What is to become of an entry's slots. */
export interface Firing {
  /** Each makes one job. `more`: fields that only this one has. */
  readonly slots: readonly { readonly slot: number; readonly id: string; readonly more: readonly string[] }[];
  /** Null: there is none any more. */
  readonly nextSlot: number | null;
  /** How many were missed, at least, the last of them, and how many of them are fired here all the same. */
  readonly missed: { readonly count: number; readonly slot: number; readonly fired: number } | null;
}

/** What became of slots. */
export interface Fired {
  readonly queue: string;
  /** The jobs that were enqueued. */
  readonly ids: readonly string[];
  /** How many slots were left out because the entry's last job, `inTheWay`, is unfinished. */
  readonly leftOut: number;
  readonly inTheWay: string;
}

/**
 * Fires slots and moves the entry on, in one step, if it still is as it was seen.
 * Returns the jobs that were enqueued; null: another worker was first, or the entry is another one now.
 */
export async function fireCron(db: Db, entry: DueEntry, { slots, nextSlot, missed }: Firing): Promise<Fired | null> {
  const [kind, queue, leftOut, inTheWay, ...ids] = await runCronScript(db, 'cronFire', [
    ...[entry.name, entry.nextSlot, entry.expression, entry.zone, entry.catchUp, nextSlot ?? ''],
    ...(missed ? [missed.count, missed.slot, missed.fired] : ['', '', '']),
    STOPPED_WITHOUT_WORKER,
    ...slots.flatMap(({ slot, id, more }) => [slot, id, jsonOf(more)]),
  ]);
  if (kind === 'damaged') throw new RqtError('data', 'a part of it is missing or damaged (rqt fsck tells more)');
  if (kind !== 'fired') return null;
  return { queue: String(queue), ids: ids.map(String), leftOut: Number(leftOut), inTheWay: String(inTheWay) };
}

function jsonOf(fields: readonly string[]): string {
  return fields.length === 0 ? '' : JSON.stringify(fields);
}

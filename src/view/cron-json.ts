import type { CronEntry } from '../cron-entry.ts';
import { isoTime, toSeconds } from './time.ts';

/**
 * A line of `rqt cron list --json`: a plain object, version 1, every key always there. Times are ISO 8601 in UTC, durations seconds, and what
 * does not exist is null. `last_job_state` is null, too, when the job is gone.
 */
export function cronLine(entry: CronEntry, now: number) {
  const { nextSlot, lastJob, missed } = entry;
  return {
    version: 1,
    kind: 'cron_entry',
    name: entry.name,
    expression: entry.expression,
    zone: entry.zone,
    catch_up: entry.catchUp,
    overlap: entry.overlap,
    queue: entry.queue,
    task: entry.call?.task ?? null,
    args: entry.call?.args ?? null,
    kwargs: entry.call?.kwargs ?? null,
    description: entry.description,
    flags: entry.flags.map(([name, value]) => (value === null ? `--${name}` : `--${name}=${value}`)),
    paused: entry.paused,
    next_slot: isoTime(nextSlot),
    next_in_seconds: nextSlot === null ? null : toSeconds(nextSlot - now),
    last_slot: isoTime(entry.lastSlot),
    last_job: lastJob?.id ?? null,
    last_job_state: lastJob?.state ?? null,
    missed_slot: isoTime(missed?.slot ?? null),
    missed_count: missed?.count ?? 0,
    missed_fired_late: missed?.fired ?? 0,
  } as const;
}

import type { Call } from './model.ts';

/** What becomes of slots that passed while nobody was there to fire them. */
export const CATCH_UPS = ['all', 'last', 'none'] as const;
export type CatchUp = (typeof CATCH_UPS)[number];
export const DEFAULT_CATCH_UP: CatchUp = 'last';

/** What becomes of a slot while the entry's last job is unfinished. */
export const OVERLAPS = ['skip', 'queue', 'replace'] as const;
export type Overlap = (typeof OVERLAPS)[number];
/** As in cron itself. */
export const DEFAULT_OVERLAP: Overlap = 'queue';

/** A slot that is fired this late is late for no reason that matters: a worker that starts anew, a Redis that comes back. */
export const ON_TIME_MS = 10_000;

/** A flag as it was typed: its name without dashes, and its value or null. */
export type GivenFlag = readonly [name: string, value: string | null];

/** One entry of the timetable as it stands in Redis. Times are epoch milliseconds of Redis's clock. */
export interface CronEntry {
  readonly name: string;
  readonly expression: string;
  /** An IANA time zone. */
  readonly zone: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly queue: string;
  readonly description: string;
  /** null: it cannot be read. */
  readonly call: Call | null;
  /** The flags of its jobs, as they were typed. */
  readonly flags: readonly GivenFlag[];
  readonly paused: boolean;
  /** null: paused. */
  readonly nextSlot: number | null;
  /** The last slot that was fired. */
  readonly lastSlot: number | null;
  /** The job that was enqueued last, for a slot or by `run`; `state` null: it is gone. */
  readonly lastJob: { readonly id: string; readonly state: string | null } | null;
  /** The last slot that nobody fired in time, and how many there were in that row (at least); fired late, or not at all. */
  readonly missed: { readonly slot: number; readonly count: number; readonly fired: number } | null;
  /** What each job's own waits before retries are made of, as JSON; '': nothing. */
  readonly retry: string;
}

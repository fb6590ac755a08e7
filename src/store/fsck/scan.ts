import type { Db } from '../db.ts';
import type { Finding, Target } from './finding.ts';
import type { IdFilter } from './id-filter.ts';

/** One run over a keyspace. Times in milliseconds by Redis's clock. */
export interface Scan {
  readonly db: Db;
  readonly prefix: string;
  /** How long what Python's RQ passes through must last to count. */
  readonly graceMs: number;
  readonly startedAt: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  now: number;
  /** The ids that were found on the queues, with their queue. */
  filter: IdFilter;
  /** Whether this is a second look, which may cost more and must not be wrong. */
  isSecond: boolean;
}

/** Looks at targets of one area; returns what is wrong with them. It only reads. */
export type Look<A extends Target['area']> = (scan: Scan, targets: readonly Extract<Target, { area: A }>[]) => Promise<Finding[]>;

/** An id on a queue, as the filter knows it. */
export function filterKey(queue: string, id: string): string {
  return `${queue}\0${id}`;
}

/** A pattern for Redis's MATCH that stands for this text alone. */
export function literally(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

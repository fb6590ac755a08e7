import { STOPPED_WITHOUT_WORKER } from './cancel.ts';

/** What a slot's job means for that of the next slot while it is unfinished. */
export type Overlap = (typeof OVERLAPS)[number];
export const OVERLAPS = ['skip', 'queue', 'replace'] as const;

/** At most one job in each slot of time. */
export interface OncePer {
  /** Jobs of one key share their slots. */
  readonly key: string;
  readonly slotMs: number;
  readonly overlap: Overlap;
  /** The present slot (epoch milliseconds, whole seconds) where slots are not cut in UTC. */
  readonly slot?: { readonly fromMs: number; readonly toMs: number } | undefined;
}

/** Why a slot's job was not enqueued, or not yet. */
export type NotYet =
  /** The slot has this job, or is left to it since it is unfinished; `state` null: it is gone. */
  | { readonly kind: 'held'; readonly id: string; readonly state: string | null }
  /** `slot` is not the present one. */
  | { readonly kind: 'moved' }
  /** A job of the same id was told to stop: ask again when it has. */
  | { readonly kind: 'stopping'; readonly queue: string; readonly worker: string; readonly execution: string };

/** As enqueue.lua takes them, their number first. */
export function onceTerms(once: OncePer | undefined): (string | number | Buffer)[] {
  if (!once) return [0];
  const { key, slotMs, overlap, slot } = once;
  const terms = [key, slotMs / 1000, overlap, STOPPED_WITHOUT_WORKER, ...(slot ? [slot.fromMs / 1000, slot.toMs / 1000] : [])];
  return [terms.length, ...terms];
}

/** null for a reply that is not one of these. */
export function readNotYet([kind, first = '', second = '', third = '']: readonly string[]): NotYet | null {
  switch (kind) {
    case 'held':
      return { kind, id: first, state: second || null };
    case 'moved':
      return { kind };
    case 'stopping':
      return { kind, queue: first, worker: second, execution: third };
    default:
      return null;
  }
}

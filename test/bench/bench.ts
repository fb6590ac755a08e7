import type { Peers } from './peers.ts';
import type { Product } from './product.ts';
import type { Spread } from './stats.ts';

/** One measurement of the README's table of speeds: it may give several rows. */
export interface Bench {
  /** What it is chosen by on the command line. */
  readonly name: string;
  run(context: Context): Promise<Row[]>;
}

/** What every bench gets. */
export interface Context {
  readonly product: Product;
  readonly peers: Peers;
  /** How many times everything is measured, the sides in turn. */
  readonly rounds: number;
  /** Fewer jobs: a look, not a result. */
  readonly quick: boolean;
  /** A folder that is removed at the end. */
  readonly dir: string;
  say(text: string): void;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  /** The floor or the peer it is held against. */
  readonly against: string;
  /** Absolute figures, for a feeling; the machine decides them. */
  readonly figures: string;
  /** What the aim is about: a ratio of each round, or one figure. null when it could not be measured. */
  readonly value: Spread | null;
  readonly unit: 'times' | 'ms' | 'jobs/s';
  readonly aim: Aim | null;
}

/** At least or at most so much. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number };

/** A row for a peer that is not here. */
export function skipped(what: string, against: string, why: string): Row {
  return { what, against, figures: `skipped: ${why}`, value: null, unit: 'times', aim: null };
}

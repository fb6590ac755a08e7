import type { CatchUp, GivenFlag, Overlap } from '../../cron-entry.ts';
import type { Call } from '../../model.ts';
import type { RetryPlan } from '../../parse/retry.ts';
import { encodeCall } from '../codec.ts';
import type { Db } from '../db.ts';
import { type EnqueueOptions, sharedFields } from '../enqueue.ts';
import { runCronScript } from './scripts.ts';

/** What an entry of the timetable is to be. */
export interface CronDefinition {
  readonly name: string;
  readonly expression: string;
  readonly zone: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly call: Call;
  readonly description: string;
  /** Of its jobs; a plan without jitter. */
  readonly options: EnqueueOptions;
  /** When the waits before retries vary: from what each job's own are made. */
  readonly jitter: RetryPlan | null;
  readonly flags: readonly GivenFlag[];
  /** Its first slot, should it be new or have other slots than before; epoch milliseconds. */
  readonly nextSlot: number;
}

/** What became of an entry. */
export type PutOutcome = 'added' | 'same' | 'changed' | 'removed';

/** What a put came to: of each entry, in their order, and then of those that were removed; or the name that another entry has. */
export type Put =
  | { readonly kind: 'put'; readonly outcomes: readonly (readonly [name: string, outcome: PutOutcome])[] }
  | { readonly kind: 'exists'; readonly name: string };

/**
 * Makes or changes entries, all of them or none. `add`: another entry of the same name is in the way; `replace`: it is replaced; `apply`:
 * these are all that is to be, others are removed; `plan`: what `apply` would do, and nothing is changed.
 */
export async function putCron(
  db: Db,
  mode: 'add' | 'replace' | 'apply' | 'plan',
  definitions: readonly CronDefinition[],
): Promise<Put> {
  const [kind, ...rest] = await runCronScript(db, 'cronPut', [mode, ...definitions.flatMap(valuesOf)]);
  if (kind === 'exists') return { kind, name: String(rest[0]) };
  const outcomes: [string, PutOutcome][] = [];
  for (let i = 0; i < rest.length; i += 2) outcomes.push([String(rest[i]), rest[i + 1] as PutOutcome]);
  return { kind: 'put', outcomes };
}

/** In the order of cron_put.lua. */
function valuesOf(definition: CronDefinition): (string | number | Buffer)[] {
  const { name, expression, zone, catchUp, overlap, call, description, options, jitter, flags, nextSlot } = definition;
  return [
    ...[name, nextSlot, expression, zone, catchUp, overlap, options.queue, options.atFront ? '1' : ''],
    ...[options.limits.ttlMs ?? '', options.plan?.group ?? '', encodeCall(call), description],
    ...[JSON.stringify(sharedFields(options).map(String)), jitter ? JSON.stringify(jitter) : '', JSON.stringify(flags)],
  ];
}

/** Takes entries out of the timetable, all or none; the jobs that they made stay. Returns the name that is unknown, or null. */
export async function removeCron(db: Db, names: readonly string[]): Promise<string | null> {
  const [kind, name] = await runCronScript(db, 'cronRemove', names);
  return kind === 'unknown' ? String(name) : null;
}

/** An entry that goes on, at the slot that was found for its expression and zone. */
export interface Going {
  readonly name: string;
  readonly nextSlot: number;
  readonly expression: string;
  readonly zone: string;
}

/** What a pause or its end came to: whether each entry was so already; or which one there is not, or is another one by now. */
export type Paused =
  | { readonly kind: 'paused'; readonly already: readonly boolean[] }
  | { readonly kind: 'unknown' | 'changed'; readonly name: string };

/** Pauses entries, all or none. */
export function pauseCron(db: Db, names: readonly string[]): Promise<Paused> {
  return setPaused(
    db,
    names.flatMap(name => [name, '', '', '']),
  );
}

/** Lets paused entries go on, all or none. */
export function resumeCron(db: Db, entries: readonly Going[]): Promise<Paused> {
  return setPaused(
    db,
    entries.flatMap(({ name, nextSlot, expression, zone }) => [name, nextSlot, expression, zone]),
  );
}

async function setPaused(db: Db, args: readonly (string | number)[]): Promise<Paused> {
  const [kind, ...rest] = await runCronScript(db, 'cronPause', args);
  if (kind === 'paused') return { kind, already: rest.map(was => was === '1') };
  return { kind: kind as 'unknown' | 'changed', name: String(rest[0]) };
}

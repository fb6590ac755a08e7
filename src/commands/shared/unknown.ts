import { RqtError } from '../../errors.ts';
import { nearest } from '../../parse/nearest.ts';
import { quote } from '../../parse/quote.ts';
import { type Db, knownQueues, queueNames } from '../../store/index.ts';

/** The line for a job that does not exist, or no more. `wanted`: what of it was asked for. */
export function unknownJob(id: string, wanted = 'it'): string {
  return `there is no job ${id}; ${wanted} may have been kept for a limited time only`;
}

/** The line for a queue or worker that does not exist, with the nearest name that does. */
export function unknownName(what: 'queue' | 'worker', name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const look = what === 'queue' ? 'rqt info -Q' : 'rqt info -W';
  return `there is no ${what} ${quote(name)}${near === null ? '' : `; did you mean ${near}?`} (look: ${look})`;
}

/** The same for a worker; one that is the name of a process with several slots, each a worker, is answered with theirs. */
export function unknownWorker(name: string, known: readonly string[]): string {
  const slots = known.filter(other => other.startsWith(`${name}.`) && /^\d+$/.test(other.slice(name.length + 1)));
  if (slots.length === 0) return unknownName('worker', name, known);
  const named = slots.sort(bySlot).slice(0, MOST_NAMED).join(' ');
  const more = slots.length > MOST_NAMED ? ` and ${slots.length - MOST_NAMED} more` : '';
  return `there is no worker ${quote(name)}; did you mean its ${slots.length === 1 ? 'slot' : 'slots'} ${named}${more}? (look: rqt info -W)`;
}

const MOST_NAMED = 10;

function bySlot(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** Refuses names of queues that there are not. @throws RqtError `missing`. */
export async function refuseUnknownQueues(db: Db, named: readonly string[]): Promise<void> {
  if (named.length === 0) return;
  const listed = await queueNames(db);
  if (named.every(name => listed.includes(name))) return;
  const known = await knownQueues(db);
  const unknown = named.find(name => !known.includes(name));
  if (unknown !== undefined) throw new RqtError('missing', unknownName('queue', unknown, known));
}

/** Of the names, those of queues that have never been there but have a namesake that has: a line for each, as a burst would else be silent. */
export async function mistypedQueues(db: Db, named: readonly string[]): Promise<string[]> {
  const listed = await queueNames(db);
  return named
    .filter(name => !listed.includes(name) && nearest(name, listed) !== null)
    .map(name => `nothing was ever put on a queue ${quote(name)}; did you mean ${nearest(name, listed)}? (look: rqt info -Q)`);
}

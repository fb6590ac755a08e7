import { RqtError } from '../../errors.ts';
import { failpoint } from '../../failpoint.ts';
import { escapeUnprintable } from '../../parse/quote.ts';
import type { NewJob } from '../../store/index.ts';
import { print, say } from '../shared/io.ts';
import type { Order } from './order.ts';

/** Prints a job's id as the order wants it. `state`: of the unfinished job that was in the way, or null. */
export function report(job: NewJob, order: Order, state: string | null): void {
  if (state === null || order.unique) tell(job.id, order, { enqueued: state === null, state });
}

/** Prints the id of the job that a slot of `--once-per` has already. */
export function reportHeld({ id, state }: { readonly id: string; readonly state: string | null }, order: Order): void {
  tell(id, order, { enqueued: false, state });
}

/** Prints the id of a job that is kept in the spool. */
export function reportSpooled({ id }: NewJob, order: Order): void {
  tell(id, order, { enqueued: false, state: 'spooled' });
}

function tell(id: string, order: Order, became: { readonly enqueued: boolean; readonly state: string | null }): void {
  if (order.quiet) return;
  const { queue, call } = order;
  if (__FAILPOINTS__) failpoint('producer.answer');
  const text = order.json ? JSON.stringify({ version: 1, kind: 'enqueued', id, queue, task: call.task, ...became }) : id;
  print(text, () => noteUntold(id));
  if (__FAILPOINTS__) failpoint('producer.answered');
}

const untold: string[] = [];

/** Its id could not be printed: whoever takes that for a refusal would enqueue it twice. */
function noteUntold(id: string): void {
  if (untold.push(id) === 1) process.once('exit', tellUntold);
}

function tellUntold(): void {
  const [first] = untold;
  if (untold.length === 1) say(`rqt: job ${first} is enqueued, though its id could not be printed (look: rqt status ${first})`);
  else
    say(`rqt: ${untold.length} jobs are enqueued, though their ids could not be printed; the first is ${first} (look: rqt jobs)`);
}

/** What it means that Redis's answer was lost: nobody knows, but the id tells. */
export function maybeEnqueued({ id }: NewJob): string {
  return `job ${id} may or may not have been enqueued (look: rqt status ${id}; if it is unknown there, enqueue again)`;
}

/** `enqueued`: what of the order was enqueued all the same. */
export function fullError({ queue, maxDepth }: Order, depth: number, enqueued: string): RqtError {
  return new RqtError(
    'tryAgain',
    escapeUnprintable(
      `queue ${queue} holds ${depth} ${depth === 1 ? 'job' : 'jobs'} and --max-depth is ${maxDepth}: ${enqueued} (look: rqt info ${queue})`,
    ),
  );
}

import type { NewJob } from '../store/index.ts';
import type { Order } from './enqueue-order.ts';
import { print } from './io.ts';

/** Prints a job's id as the order wants it. `state`: of the unfinished job that was in the way, or null. */
export function report(job: NewJob, order: Order, state: string | null): void {
  if (order.quiet || (state !== null && !order.unique)) return;
  const { queue } = order;
  const { id, call } = job;
  const document = { version: 1, kind: 'enqueued', id, queue, task: call.task, enqueued: state === null, state };
  print(order.json ? JSON.stringify(document) : id);
}

import { type Db, enqueue, type NewJob } from '../../store/index.ts';
import { type Order, optionsOf } from './order.ts';

/** Enqueues one job of an order, unless its slot of `--once-per` has one: then `held` is that one. */
export async function enqueueOne(db: Db, job: NewJob, order: Order) {
  if (!order.once) return enqueue(db, [job], optionsOf(order));
  const { enqueueOnce } = await import('./once.ts');
  return enqueueOnce(db, job, order, order.once);
}

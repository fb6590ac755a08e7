import type { WorkerOptions } from './options.ts';

/** The order in which a worker looks through its queues. */
export interface QueueOrder {
  /** For the next claim. */
  next(): readonly string[];
  /** The last claim has brought a job of this queue. */
  took(queue: string): void;
}

/** RQ's dequeue strategies (rq/worker.py, reorder_queues): as given; shuffled each time; from the queue behind the one that was served last. */
export function createQueueOrder({ queues, dequeueStrategy }: Pick<WorkerOptions, 'queues' | 'dequeueStrategy'>): QueueOrder {
  let order = queues;
  return {
    next: () => (dequeueStrategy === 'random' ? shuffled(queues) : order),
    took: queue => {
      if (dequeueStrategy !== 'round_robin') return;
      const at = order.indexOf(queue) + 1;
      order = [...order.slice(at), ...order.slice(0, at)];
    },
  };
}

function shuffled(queues: readonly string[]): string[] {
  return queues
    .map(queue => ({ queue, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ queue }) => queue);
}

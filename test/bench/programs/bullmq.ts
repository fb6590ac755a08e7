import { createRequire } from 'node:module';

/** As much of BullMQ as the bench uses; it is installed by the bench and not by rqt. */
interface BullMq {
  readonly Queue: new (name: string, options: object) => Queue;
  readonly Worker: new (name: string, processor: string | (() => Promise<void>), options: object) => Worker;
}

interface Queue {
  waitUntilReady(): Promise<unknown>;
  addBulk(jobs: readonly object[]): Promise<unknown>;
  close(): Promise<void>;
}

interface Worker {
  on(event: 'completed', listener: () => void): void;
  close(force?: boolean): Promise<void>;
}

/** BullMQ from beside `packages`, and what its queues and workers connect with. */
export function connect(packages: string, socket: string): BullMq & { readonly connection: object } {
  const bullmq = createRequire(packages)('bullmq') as BullMq;
  return { ...bullmq, Queue: bullmq.Queue, Worker: bullmq.Worker, connection: { path: socket, maxRetriesPerRequest: null } };
}

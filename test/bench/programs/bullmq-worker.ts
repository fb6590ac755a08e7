/**
 * BullMQ runs no-op jobs, one at a time, in this process or sandboxed in a child, and prints jobs/s from the first completed one to the
 * last. Arguments: package.json, socket, count, `process` or `sandbox`.
 */
import { join } from 'node:path';
import { connect } from './bullmq.ts';

const [packages = '', socket = '', count = '', where = ''] = process.argv.slice(2);
const { Queue, Worker, connection } = connect(packages, socket);
const queue = new Queue('noop', { connection });
const total = Number(count);
await queue.addBulk(Array.from({ length: total }, () => ({ name: 'noop', data: { args: ['hello'] } })));

const processor = where === 'sandbox' ? join(import.meta.dirname, 'bullmq-processor.js') : async () => {};
const worker = new Worker('noop', processor, { connection, concurrency: 1 });
let completed = 0;
let startedAt = 0;
await new Promise<void>(resolve => {
  worker.on('completed', () => {
    completed += 1;
    if (completed === 1) startedAt = performance.now();
    if (completed === total) resolve();
  });
});
process.stdout.write(String(((total - 1) / (performance.now() - startedAt)) * 1000));
await worker.close(true);
process.exit();

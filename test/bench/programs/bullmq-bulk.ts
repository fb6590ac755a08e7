/** BullMQ adds jobs in bulk, as fast as it can, and prints jobs/s without the start of its process. Arguments: package.json, socket, count. */
import { connect } from './bullmq.ts';

const [packages = '', socket = '', count = ''] = process.argv.slice(2);
const { Queue, connection } = connect(packages, socket);
const queue = new Queue('bulk', { connection });
await queue.waitUntilReady();

const BATCH = 1000;
const total = Number(count);
const startedAt = performance.now();
for (let i = 0; i < total; i += BATCH) {
  const size = Math.min(BATCH, total - i);
  await queue.addBulk(Array.from({ length: size }, (_, k) => ({ name: 'noop', data: { args: [`user${i + k}@example.org`] } })));
}
process.stdout.write(String((total / (performance.now() - startedAt)) * 1000));
await queue.close();
process.exit();

/**
 * What no worker of rqt's kind can beat: for each job one script that settles it and claims the next, and one empty round trip over
 * IPC. Prints jobs/s. The queue `default` holds the jobs. Arguments: Redis URL, count.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { readConfig } from '../../../src/config.ts';
import {
  type ClaimedJob,
  type ClaimRequest,
  claim,
  closeDb,
  openStore,
  register,
  type Settlement,
  settle,
} from '../../../src/store/index.ts';

const [url = '', count = ''] = process.argv.slice(2);
const db = await openStore(readConfig({}, { url }), { persistent: true });
const worker = 'floor';
await register(db, {
  name: worker,
  queues: ['default'],
  pid: process.pid,
  hostname: 'bench',
  address: '',
  version: '0',
  process: null,
  ttlMs: 480_000,
});
const child = fork(join(import.meta.dirname, 'echo.js'), { serialization: 'advanced' });

let job = claimed(await claim(db, nextRequest()));
const total = Number(count);
await roundTrip();
const startedAt = performance.now();
for (let i = 1; i < total; i++) {
  await roundTrip();
  const { claim: next } = await settle(db, settlementOf(job), nextRequest());
  if (next) job = claimed(next);
}
process.stdout.write(String(((total - 1) / (performance.now() - startedAt)) * 1000));
child.disconnect();
closeDb(db);

function roundTrip(): Promise<void> {
  return new Promise(resolve => {
    child.once('message', () => resolve());
    child.send(0);
  });
}

function nextRequest(): ClaimRequest {
  return { worker, execution: crypto.randomUUID().replaceAll('-', ''), leaseMs: 60_000, queues: ['default'] };
}

function claimed(answer: Awaited<ReturnType<typeof claim>>): ClaimedJob {
  if (answer.kind !== 'claimed') throw new Error(`claim answered ${answer.kind}`);
  return answer.job;
}

function settlementOf(of: ClaimedJob): Settlement {
  return {
    ...{ job: of, worker, outcome: 'finished', resultJson: null, absent: null, again: null, error: null },
    ...{ output: { chunks: [], dropped: [] }, defaultResultTtlMs: 500_000 },
  };
}

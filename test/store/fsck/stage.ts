import type { Db } from '../../../src/store/db.ts';
import { type FsckEvent, fsck } from '../../../src/store/fsck/index.ts';
import {
  type ClaimedJob,
  cancel,
  claim,
  enqueue,
  type JobPlan,
  register,
  type Settlement,
  settle,
} from '../../../src/store/index.ts';
import { PLAIN, someJob } from '../../helpers/store.ts';

type Found = Extract<FsckEvent, { kind: 'found' }>;

const DEFAULTS = { fix: false, graceMs: 20, isWanted: () => true, signal: new AbortController().signal };

/** What fsck finds, `kind subject` each, sorted; and the findings. */
export async function check(db: Db, options: { fix?: boolean; graceMs?: number } = {}) {
  const found: Found[] = [];
  for await (const event of fsck(db, { ...DEFAULTS, ...options })) if (event.kind === 'found') found.push(event);
  return { found, names: found.map(({ finding: { kind, subject } }) => `${kind} ${subject}`).sort() };
}

let executions = 0;

/** Puts a job on a queue, as of some time ago: fsck does not judge what has only just come. */
export async function put(db: Db, id: string, plan: JobPlan = {}, queue = 'default'): Promise<void> {
  await enqueue(db, [someJob(id)], { ...PLAIN, queue, plan });
  await age(db, id);
}

async function age(db: Db, id: string): Promise<void> {
  const key = `${db.prefix}:job:${id}`;
  await db.client.hset(key, 'created_at', '2026-01-01T00:00:00.000000Z');
  if (await db.client.hexists(key, 'enqueued_at')) await db.client.hset(key, 'enqueued_at', '2026-01-01T00:00:00.000000Z');
}

/** Starts the first job of a queue of its own and returns it. */
export async function start(db: Db, id: string, plan: JobPlan = {}, queue = 'default'): Promise<ClaimedJob> {
  await enqueue(db, [someJob(id)], { ...PLAIN, queue, plan, atFront: true });
  await age(db, id);
  executions += 1;
  const found = await claim(db, { worker: 'w', execution: `e${executions}`, leaseMs: 3_600_000, queues: [queue] });
  if (found.kind !== 'claimed' || found.job.id !== id) throw new Error(`${id} was not started`);
  return found.job;
}

/** Runs a job to an end. */
export async function end(
  db: Db,
  id: string,
  outcome: Settlement['outcome'],
  plan: JobPlan = {},
  queue = 'default',
): Promise<void> {
  const job = await start(db, id, plan, queue);
  const settlement: Settlement = {
    ...{ job, worker: 'w', outcome, absent: null, again: null, defaultResultTtlMs: 500_000 },
    resultJson: outcome === 'finished' ? '42' : null,
    error: outcome === 'finished' ? null : 'it went wrong',
    output: { chunks: [{ stream: 'stdout', offset: 0, bytes: Buffer.from('said\n') }], dropped: [] },
  };
  await settle(db, settlement, null);
  await age(db, id);
}

/** Leaves the callback of a failed job to another worker, as its own does that dies. */
async function owe({ client, prefix }: Db, id: string): Promise<void> {
  await client.hset(`${prefix}:job:${id}`, { rqt_callback_due: 'failure', rqt_callback_tries: 0 });
  await client.rpush(`${prefix}:rqt:callbacks:default`, id);
}

/** A worker and jobs in every state, on two queues: nothing is wrong with any of them. */
export async function fill(db: Db): Promise<void> {
  await register(db, {
    ...{
      name: 'w',
      queues: ['default', 'other'],
      pid: 1,
      hostname: 'h',
      address: '',
      version: '1',
      process: null,
      ttlMs: 480_000,
    },
  });
  await end(db, 'finished', 'finished');
  await end(db, 'kept', 'finished', {}, 'other');
  await db.client.zadd(`${db.prefix}:finished:other`, '+inf', 'kept');
  for (const key of ['job', 'results', 'rqt:output']) await db.client.persist(`${db.prefix}:${key}:kept`);
  await end(db, 'failed', 'failed', { group: 'g' });
  await end(db, 'stopped', 'stopped');
  await end(db, 'owing', 'failed', { callbacks: { failure: 'm#f' } });
  await owe(db, 'owing');
  await end(db, 'repeated', 'finished', { repeat: { repeatsLeft: 2, intervals: [3600] } });
  await end(db, 'retried', 'failed', { retry: { retriesLeft: 2, intervals: [3600, 3600] } });
  await put(db, 'canceled');
  await cancel(db, 'canceled', 'somebody wanted it');
  await put(db, 'q1', { group: 'g' });
  await put(db, 'q2');
  await put(db, 'q3', {}, 'other');
  await put(db, 'parent');
  await put(db, 'child', { dependsOn: ['parent'], onParentFailure: 'cancel' });
  await put(db, 'waits', { dependsOn: ['failed'], onParentFailure: 'wait' });
  await put(db, 'scheduled', { due: { inMs: 3_600_000 } });
  await start(db, 'running');
}

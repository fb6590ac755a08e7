import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../src/config.ts';
import { closeDb, type Db, enqueue, openStore } from '../../src/store/index.ts';
import type { Bench, Context, Row } from './bench.ts';
import { type BenchRedis, withRedis } from './redis.ts';
import { figure, percentile, spreadOf } from './stats.ts';

/** How soon an idle worker starts a job: from the call that enqueues it to the first line of its task. */
export const pickup: Bench = {
  name: 'pickup',
  run: context =>
    withRedis(async redis => {
      const { product } = context;
      const worker = spawn(process.execPath, [product.launcher, 'worker', '--quiet', '--path', product.tasks], {
        env: product.env(redis.url),
        stdio: 'ignore',
      });
      const db = await openStore(readConfig({}, { url: redis.url }));
      try {
        await timeOnce(db, redis);
        return rowsOf(await sample(context, db, redis));
      } finally {
        closeDb(db);
        worker.kill('SIGKILL');
        await once(worker, 'exit');
      }
    }),
};

interface Times {
  readonly toTask: number[];
  readonly toStart: number[];
  readonly roundTrip: number[];
}

async function sample({ quick }: Context, db: Db, redis: BenchRedis): Promise<Times> {
  const times: Times = { toTask: [], toStart: [], roundTrip: [] };
  for (let i = 0; i < (quick ? 100 : 500); i++) {
    await sleep(5 + Math.random() * 20);
    const { toTask, toStart } = await timeOnce(db, redis);
    times.toTask.push(toTask);
    times.toStart.push(toStart);
    const startedAt = performance.now();
    await redis.client.ping();
    times.roundTrip.push(performance.now() - startedAt);
  }
  return times;
}

const LIMITS = { timeoutMs: 180_000, resultTtlMs: 500_000, failureTtlMs: null, ttlMs: null };

async function timeOnce(db: Db, { client }: BenchRedis): Promise<{ toTask: number; toStart: number }> {
  const id = crypto.randomUUID();
  const calledAt = performance.timeOrigin + performance.now();
  const job = { id, call: { task: 'noop#now', args: [], kwargs: {} }, description: 'now' };
  await enqueue(db, [job], { queue: 'default', limits: LIMITS, atFront: false, idsMayExist: false });
  const entry = await client.xread('COUNT', 1, 'BLOCK', 10_000, 'STREAMS', `rq:results:${id}`, '0-0');
  const fields = entry?.[0]?.[1]?.[0]?.[1] ?? [];
  const value = fields[fields.indexOf('return_value') + 1] ?? '';
  const [enqueuedAt, startedAt] = await client.hmget(`rq:job:${id}`, 'enqueued_at', 'started_at');
  return {
    toTask: Number(Buffer.from(value, 'base64').toString()) - calledAt,
    toStart: millisecondsOf(startedAt) - millisecondsOf(enqueuedAt),
  };
}

/** RQ's timestamp with its microseconds, within its hour. */
function millisecondsOf(stamp: string | null | undefined): number {
  const [, minutes, seconds] = /:(\d\d):([\d.]+)Z$/.exec(stamp ?? '') ?? [];
  return (Number(minutes) * 60 + Number(seconds)) * 1000;
}

function rowsOf({ toTask, toStart, roundTrip }: Times): Row[] {
  const p99 = percentile(toTask, 0.99);
  const figures = [
    `p50 ${figure(percentile(toTask, 0.5))} ms, to the claim p50 ${figure(percentile(toStart, 0.5))} p99 ${figure(percentile(toStart, 0.99))} ms`,
    `round trip p50 ${figure(percentile(roundTrip, 0.5))} p99 ${figure(percentile(roundTrip, 0.99))} ms`,
  ].join('; ');
  return [
    { what: 'idle pick-up, enqueue to task, p99', against: '', figures, value: spreadOf([p99]), unit: 'ms', aim: { atMost: 5 } },
  ];
}

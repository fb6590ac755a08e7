import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Context, type Row, skipped } from './bench.ts';
import { run } from './process.ts';
import { type BenchRedis, withRedis } from './redis.ts';
import { figure, ratios, spreadOf } from './stats.ts';

const WHAT = 'jobs/s, no-op, one worker';

/** How many no-op jobs one worker runs in a second, from the start of the first to the end of the last. */
export const jobs: Bench = {
  name: 'jobs',
  run: context =>
    withRedis(async redis => {
      const sides = await sidesOf(context, redis);
      const rates = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
      for (let round = 0; round < context.rounds; round++) {
        for (const { name, measure } of sides) {
          await redis.client.flushall();
          rates.get(name)?.push(await measure());
        }
      }
      return rowsOf(context, rates);
    }),
};

interface Side {
  readonly name: string;
  /** Returns jobs/s. The Redis is empty. */
  measure(): Promise<number>;
}

async function sidesOf(context: Context, redis: BenchRedis): Promise<Side[]> {
  const count = context.quick ? 1000 : 5000;
  const { peers } = context;
  const [rq, bullmq] = [await peers.rq(), await peers.bullmq()];
  const sides: Side[] = [
    { name: 'floor', measure: () => floor(context, redis, count) },
    { name: 'rqt', measure: () => rqt(context, redis, count, ['--quiet']) },
    { name: 'rqt with its log', measure: () => rqt(context, redis, count, []) },
  ];
  if (bullmq.path !== null) {
    const { path } = bullmq;
    sides.push({ name: 'BullMQ in process', measure: () => bull(path, redis, count, 'process') });
    sides.push({ name: 'BullMQ sandboxed', measure: () => bull(path, redis, count, 'sandbox') });
  }
  if (rq.path !== null) {
    const { path } = rq;
    sides.push({ name: 'RQ Worker', measure: () => python(context, redis, path, Math.ceil(count / 20)) });
  }
  return sides;
}

async function rowsOf({ peers }: Context, rates: ReadonlyMap<string, number[]>): Promise<Row[]> {
  const [rq, bullmq] = [await peers.rq(), await peers.bullmq()];
  const row = (name: string, side: string, atLeast: number | null, missing: string | null = null): Row => {
    const [ours = [], theirs] = [rates.get(side), rates.get(name)];
    if (!theirs) return skipped(WHAT, name, missing ?? '');
    const figures = `${figure(spreadOf(ours).median)} against ${figure(spreadOf(theirs).median)}`;
    const what = side === 'rqt' ? WHAT : `${WHAT}, ${side}`;
    return {
      what,
      against: name,
      figures,
      value: ratios(ours, theirs),
      unit: 'times',
      aim: atLeast === null ? null : { atLeast },
    };
  };
  return [
    row('floor', 'rqt', 0.8),
    row('floor', 'rqt with its log', null),
    row('RQ Worker', 'rqt', 30, rq.missing),
    row('BullMQ in process', 'rqt', 1.2, bullmq.missing),
    row('BullMQ sandboxed', 'rqt', 3, bullmq.missing),
  ];
}

async function floor(context: Context, redis: BenchRedis, count: number): Promise<number> {
  await fill(context, redis, count);
  const program = join(import.meta.dirname, 'programs/floor.js');
  const { stdout } = await run(process.execPath, [program, redis.url, String(count)]);
  return Number(stdout);
}

async function rqt(context: Context, redis: BenchRedis, count: number, flags: readonly string[]): Promise<number> {
  const { product } = context;
  const ids = await fill(context, redis, count);
  const args = [product.launcher, 'worker', '--burst', '--path', product.tasks, ...flags];
  const worker = spawn(process.execPath, args, { env: product.env(redis.url), stdio: 'ignore' });
  const [status] = await once(worker, 'exit');
  if (status !== 0) throw new Error(`rqt worker ended with ${status}`);
  return rateOf(redis, ids);
}

/** Puts no-op jobs on the queue `default`, and returns their ids. */
async function fill({ product, dir }: Context, { url }: BenchRedis, count: number): Promise<string[]> {
  const lines = join(dir, 'jobs.txt');
  writeFileSync(lines, 'hello\n'.repeat(count));
  const { stdout } = await product.rqt(url, ['enqueue', '--lines', lines, 'noop#noop']);
  return stdout.trim().split('\n');
}

/** By the times that the workers themselves leave with their jobs, the same fields in RQ and rqt. */
async function rateOf({ client }: BenchRedis, ids: readonly string[]): Promise<number> {
  const first = await client.hget(`rq:job:${ids[0]}`, 'started_at');
  const last = await client.hget(`rq:job:${ids.at(-1)}`, 'ended_at');
  return ((ids.length - 1) / (Date.parse(last ?? '') - Date.parse(first ?? ''))) * 1000;
}

async function bull(packages: string, { socket }: BenchRedis, count: number, where: string): Promise<number> {
  const program = join(import.meta.dirname, 'programs/bullmq-worker.js');
  const { stdout } = await run(process.execPath, [program, packages, socket, String(count), where]);
  return Number(stdout);
}

const FILL = `
import sys, redis, rq
queue = rq.Queue(connection=redis.Redis(unix_socket_path=sys.argv[1]))
data = [rq.Queue.prepare_data('noop.noop', ('hello',)) for _ in range(int(sys.argv[2]))]
print('\\n'.join(job.id for job in queue.enqueue_many(data)))
`;

async function python({ dir }: Context, redis: BenchRedis, rq: string, count: number): Promise<number> {
  const folder = join(dir, 'python');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'noop.py'), 'def noop(*args):\n    pass\n');
  const { stdout } = await run(join(rq, 'python3'), ['-c', FILL, redis.socket, String(count)], { cwd: folder });
  await run(join(rq, 'rq'), ['worker', '--burst', '--quiet', '--url', redis.url, '--path', folder], { cwd: folder });
  return rateOf(redis, stdout.trim().split('\n'));
}

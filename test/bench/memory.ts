import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, skipped } from './bench.ts';
import { run } from './process.ts';
import { type BenchRedis, withRedis } from './redis.ts';
import { figure, spreadOf } from './stats.ts';

const WHAT = 'Redis memory per queued job';

const FILL = `
import sys, redis, rq
queue = rq.Queue(connection=redis.Redis(unix_socket_path=sys.argv[1]))
for i in range(int(sys.argv[2])):
    queue.enqueue('mail.send', 'user%d@example.org' % i)
`;

/** The same call, enqueued by both; RQ with its default serialiser, pickle. Exact to some bytes, so that once is enough. */
export const memory: Bench = {
  name: 'memory',
  run: ({ product, peers, dir, quick }) =>
    withRedis(async redis => {
      const rq = await peers.rq();
      if (rq.path === null) return [skipped(WHAT, "RQ's own", rq.missing)];
      const { path } = rq;
      const count = quick ? 5000 : 20_000;
      const lines = join(dir, 'calls.txt');
      writeFileSync(lines, Array.from({ length: count }, (_, i) => `user${i}@example.org\n`).join(''));
      const ours = await bytesOf(redis, count, () =>
        product.rqt(redis.url, ['enqueue', '--lines', lines, '--quiet', 'mail.send']),
      );
      const theirs = await bytesOf(redis, count, () => run(join(path, 'python3'), ['-c', FILL, redis.socket, String(count)]));
      return [
        {
          what: WHAT,
          against: "RQ's own",
          figures: `${figure(ours)} against ${figure(theirs)} bytes (${count} jobs)`,
          value: spreadOf([ours / theirs]),
          unit: 'times',
          aim: { atMost: 1 },
        },
      ];
    }),
};

/** What the jobs themselves take: without the scripts, and after the buffers of the connections have been given back. */
async function bytesOf({ client }: BenchRedis, count: number, work: () => Promise<unknown>): Promise<number> {
  // Once for nothing: Redis keeps statistics of every command from its first call on.
  await work();
  await client.flushall();
  const before = await usedBytes(client);
  await work();
  return ((await usedBytes(client)) - before) / count;
}

async function usedBytes(client: BenchRedis['client']): Promise<number> {
  await client.call('SCRIPT', 'FLUSH');
  await sleep(REDIS_TIDIES_MS);
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
}

const REDIS_TIDIES_MS = 2000;

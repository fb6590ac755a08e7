import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Row, skipped } from './bench.ts';
import { run } from './process.ts';
import { type BenchRedis, withRedis } from './redis.ts';
import { figure, ratios, spreadOf } from './stats.ts';

const WHAT = 'rqt enqueue --lines, whole process';
const LONGEST_SCRIPT_MS = 5;

/** Many jobs at once. */
export const bulk: Bench = {
  name: 'bulk',
  run: ({ product, peers, quick, rounds, dir, say }) =>
    withRedis(async redis => {
      const count = quick ? 50_000 : 200_000;
      const lines = join(dir, 'lines.txt');
      writeFileSync(lines, Array.from({ length: count }, (_, i) => `user${i}@example.org\n`).join(''));
      const bullmq = await peers.bullmq();
      const rqtRates: number[] = [];
      const bullRates: number[] = [];
      for (let round = 0; round < Math.ceil(rounds / 2); round++) {
        const { ms } = await product.rqt(redis.url, ['enqueue', '--lines', lines, '--quiet', 'noop#noop']);
        rqtRates.push((count / ms) * 1000);
        await redis.client.flushall();
        if (bullmq.path === null) continue;
        const program = join(import.meta.dirname, 'programs/bullmq-bulk.js');
        const { stdout } = await run(process.execPath, [program, bullmq.path, redis.socket, String(count / 4)]);
        bullRates.push(Number(stdout));
        await redis.client.flushall();
      }
      const scriptMs = await longestScript(redis, () =>
        product.rqt(redis.url, ['enqueue', '--lines', lines, '--quiet', 'noop#noop']),
      );
      say(`bulk: the longest of Redis's scripts took ${figure(scriptMs)} ms`);
      const rate = spreadOf(rqtRates);
      const rows: Row[] = [
        { what: WHAT, against: '', figures: `${figure(count)} jobs`, value: rate, unit: 'jobs/s', aim: { atLeast: 50_000 } },
        {
          what: 'the longest step of it in Redis',
          against: '',
          figures: 'one batch, by SLOWLOG',
          value: spreadOf([scriptMs]),
          unit: 'ms',
          aim: { atMost: LONGEST_SCRIPT_MS },
        },
      ];
      if (bullRates.length === 0) return [...rows, skipped(WHAT, 'BullMQ addBulk', bullmq.missing ?? '')];
      const figures = `${figure(rate.median)} against ${figure(spreadOf(bullRates).median)} jobs/s`;
      return [
        ...rows,
        {
          what: WHAT,
          against: 'BullMQ addBulk',
          figures,
          value: ratios(rqtRates, bullRates),
          unit: 'times',
          aim: { atLeast: 2.5 },
        },
      ];
    }),
};

/** The 99th percentile of the 128 slowest would be kinder; the slowest but two is what remains when the machine hiccups. */
async function longestScript({ client }: BenchRedis, work: () => Promise<unknown>): Promise<number> {
  await client.config('SET', 'slowlog-log-slower-than', 100, 'slowlog-max-len', 128);
  await client.call('SLOWLOG', 'RESET');
  await work();
  const entries = (await client.call('SLOWLOG', 'GET', 128)) as [number, number, number, string[]][];
  const times = entries.filter(([, , , [name = '']]) => /^eval/i.test(name)).map(([, , microseconds]) => microseconds / 1000);
  return times.sort((a, b) => b - a)[2] ?? Number.NaN;
}

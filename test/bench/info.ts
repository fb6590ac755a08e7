import type { Bench } from './bench.ts';
import { withRedis } from './redis.ts';
import { figure, ratios, spreadOf } from './stats.ts';

/** Ids are pushed so many at a time. */
const STEP = 10_000;

/** `rqt info`, whole process, with a long queue against an empty one. Only the first of the waiting jobs has a hash: info reads no other. */
export const info: Bench = {
  name: 'info',
  run: ({ product, rounds, quick }) =>
    withRedis(empty =>
      withRedis(async full => {
        const count = quick ? 100_000 : 1_000_000;
        for (const { url } of [empty, full]) await product.rqt(url, ['enqueue', 'noop#noop']);
        for (let i = 0; i < count; i += STEP) {
          await full.client.rpush('rq:queue:default', ...Array.from({ length: STEP }, () => crypto.randomUUID()));
        }
        await empty.client.del('rq:queue:default');
        const ms = { empty: [] as number[], full: [] as number[] };
        for (let round = -1; round < rounds * 3; round++) {
          const [without, withMany] = [await product.rqt(empty.url, ['info']), await product.rqt(full.url, ['info'])];
          if (round < 0) continue;
          ms.empty.push(without.ms);
          ms.full.push(withMany.ms);
        }
        return [
          {
            what: `rqt info with ${figure(count)} queued`,
            against: 'the same with 0',
            figures: `${figure(spreadOf(ms.full).median)} ms against ${figure(spreadOf(ms.empty).median)} ms`,
            value: ratios(ms.full, ms.empty),
            unit: 'times',
            aim: { atMost: 1.2 },
          },
        ];
      }),
    ),
};

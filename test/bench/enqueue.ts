import { join } from 'node:path';
import { type Bench, type Context, type Row, skipped } from './bench.ts';
import { run } from './process.ts';
import { withRedis } from './redis.ts';
import { figure, ratios, spreadOf } from './stats.ts';

const WHAT = 'rqt enqueue, whole process';
/** So short a thing is measured often. */
const TIMES = 5;

/** A whole `rqt enqueue`, from the start of the process to its end. */
export const enqueue: Bench = {
  name: 'enqueue',
  run: context =>
    withRedis(async ({ url }) => {
      const rq = await context.peers.rq();
      const sides = sidesOf(context, url, rq.path);
      const ms = await measure(sides, context.rounds * TIMES);
      const [node = [], rqt = [], python] = ms;
      const row = (against: string, other: readonly number[], aim: number): Row => ({
        what: WHAT,
        against,
        figures: `${figure(spreadOf(rqt).median)} ms against ${figure(spreadOf(other).median)} ms`,
        value: ratios(rqt, other),
        unit: 'times',
        aim: { atMost: aim },
      });
      return [
        row('bare node -e 0', node, 1.5),
        python ? row('rq enqueue', python, 1) : skipped(WHAT, 'rq enqueue', rq.missing ?? ''),
      ];
    }),
};

type Side = () => Promise<{ readonly ms: number }>;

function sidesOf({ product }: Context, url: string, rq: string | null): Side[] {
  const node: Side = () => run(process.execPath, ['-e', '0'], { env: product.env(url) });
  const rqt: Side = () => product.rqt(url, ['enqueue', 'noop#noop', 'hello']);
  if (rq === null) return [node, rqt];
  return [node, rqt, () => run(join(rq, 'rq'), ['enqueue', '--url', url, 'builtins.print', 'hello'])];
}

async function measure(sides: readonly Side[], times: number): Promise<number[][]> {
  const warmUps = 2;
  const ms = sides.map(() => [] as number[]);
  for (let i = -warmUps; i < times; i++) {
    for (const [which, side] of sides.entries()) {
      const ran = await side();
      if (i >= 0) ms[which]?.push(ran.ms);
    }
  }
  return ms;
}

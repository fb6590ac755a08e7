import { test } from 'node:test';
import type { TestRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';
import { type Life, openLives } from '../life/life.ts';

/** States one behaviour of RQ and checks it in a namespace of its own. */
export type Rq = (behaviour: string, check: (life: Life) => Promise<void>) => void;

/**
 * Opens a Redis for one file of RQ's behaviours. Each case is one that the tests of RQ 2.10 check, said in our words; behind `| here:` is what
 * rqt does instead, on purpose, and that is what the case checks then.
 */
export async function openCases(): Promise<{ readonly rq: Rq; readonly redis: TestRedis }> {
  const { redis, newLife } = await openLives();
  return { redis, rq: (behaviour, check) => test(`RQ: ${behaviour}`, async () => check(await newLife())) };
}

/** Waits until a worker serves its queues. */
export async function untilListening({ printed }: Running): Promise<void> {
  await until('the worker listens', () => /cleaning registries/.test(printed.stderr));
}

/** Ends a worker as RQ's first signal does, and returns its exit status. */
export async function endWarmly({ child, ended }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  return (await ended).status;
}

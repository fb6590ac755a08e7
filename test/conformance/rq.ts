import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { newFolder } from '../helpers/space.ts';
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

/** The entries of a job's result stream, oldest first, as fields. */
export async function resultsOf({ client }: TestRedis, life: Life, id: string): Promise<Record<string, string>[]> {
  const entries = await client.xrange(life.key(`results:${id}`), '-', '+');
  return entries.map(([, flat]) =>
    Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []))),
  );
}

/** Starts a worker and waits until it is in the middle of a new job, which ends when `open` is called. */
export async function startBusy(life: Life, { worker: flags = [], job = [] }: { worker?: string[]; job?: string[] } = {}) {
  const file = join(newFolder(), 'gate');
  const id = await life.enqueue('t#gate', file, ...job);
  const worker = life.worker('--name', 'w', ...flags);
  await life.untilState(id, 'started');
  return { id, worker, open: () => writeFileSync(file, '') };
}

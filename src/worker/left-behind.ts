import type { PoolOptions } from '../executor/index.ts';
import type { WorkerOptions } from './options.ts';

/**
 * Tells of work that a job left behind and that ends with its executor: a forgotten `await` looks like a job well done. Once for each task, as
 * it is the same each time; not of connections, which pools keep open on purpose.
 */
export function warnOfLeft({ log }: Pick<WorkerOptions, 'log'>): NonNullable<PoolOptions['onLeft']> {
  const told = new Set<string>();
  return ({ task, queue, jobId }, left) => {
    if (!IS_WORK.test(left) || told.has(task)) return;
    told.add(task);
    const text = `${queue}: ${task} ended while work of it went on, which is ended too: ${left}; await it if the job needs it (${jobId})`;
    log({ event: 'warning', text });
  };
}

const IS_WORK = /left open: .*\b(Timeout|Immediate|FSReq\w+)\b|outlived the job/;

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import {
  createPool,
  type ExecutorPool,
  type JobCall,
  type Outcome,
  type PoolOptions,
  type RunningJob,
} from '../../src/executor/index.ts';
import { projectRoot } from '../helpers/rqt.ts';
import { until } from '../helpers/until.ts';

/** A job that has ended, with its output. */
export interface Ended {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
}

/** A pool of the test's own. */
export interface TestPool {
  readonly pool: ExecutorPool;
  /** Why executors were replaced, oldest first. */
  readonly retired: string[];
  /** Runs a task to its end. */
  run(task: string, ...args: readonly unknown[]): Promise<Ended>;
  start(task: string, change?: Partial<JobCall>): RunningJob;
  /** What the job that runs, or ran last, has written so far. */
  readonly printed: { stdout: string; stderr: string };
}

export const script = join(projectRoot, 'dist', 'executor.js');
export const fixtures = join(projectRoot, 'test', 'fixtures', 'tasks');

/** Creates a pool over the fixtures, which is closed, its processes gone, when the test file ends. */
export function startPool(options: Partial<PoolOptions> = {}): TestPool {
  const printed = { stdout: '', stderr: '' };
  const retired: string[] = [];
  const pids = new Set<number>();
  const pool = createPool({
    script,
    taskRoots: [fixtures],
    shippedTasks: join(projectRoot, 'dist', 'tasks'),
    isolate: false,
    graceMs: 5_000,
    maxResultBytes: 2 ** 20,
    onOutput: (_call, stream, chunk) => {
      printed[stream] += chunk.toString('latin1');
    },
    onRetired: reason => retired.push(reason),
    ...options,
  });
  const start = (task: string, change: Partial<JobCall> = {}) => {
    Object.assign(printed, { stdout: '', stderr: '' });
    const job = pool.run({ ...CALL, task, ...change });
    if (job.pid !== null) pids.add(job.pid);
    return job;
  };
  const run = async (task: string, ...args: readonly unknown[]) => {
    const job = start(task, { args });
    const outcome = await job.outcome;
    return { outcome, ...printed, pid: job.pid ?? 0 };
  };
  after(async () => {
    await pool.close();
    for (const pid of pids) await until(`executor ${pid} is gone`, () => !isAlive(pid));
  });
  return { pool, retired, run, start, printed };
}

const CALL: JobCall = {
  jobId: 'job-1',
  executionId: 'execution-1',
  queue: 'default',
  attempt: 1,
  task: '',
  args: [],
  kwargs: {},
  timeoutMs: 60_000,
};

/** Whether a process runs. Zombies do not: in a container without an init nobody may wait for orphans. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** What a finished job returned; fails for any other. */
export function resultOf({ outcome }: Pick<Ended, 'outcome'>): unknown {
  if (outcome.kind !== 'finished' || outcome.resultJson === null) throw new Error(`no result: ${JSON.stringify(outcome)}`);
  return JSON.parse(outcome.resultJson);
}

/** Why a job failed; fails for any other. */
export function reasonOf({ outcome }: Pick<Ended, 'outcome'>): string {
  if (outcome.kind !== 'failed') throw new Error(`did not fail: ${JSON.stringify(outcome)}`);
  return outcome.failure.reason;
}

/** The trace of a failed job. */
export function traceOf({ outcome }: Pick<Ended, 'outcome'>): string {
  return outcome.kind === 'failed' ? outcome.failure.trace : '';
}

/** A folder with these files, removed when the test file ends. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rqt-tasks-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

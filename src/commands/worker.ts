import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command, CommandLine, Options } from '../command.ts';
import type { Config } from '../config.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { DEFAULT_LIMITS, DEFAULT_QUEUE } from '../model.ts';
import { parseCount } from '../parse/count.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseQueueName, parseWorkerName } from '../parse/names.ts';
import { oneOfThese, quote } from '../parse/quote.ts';
import { parseSize } from '../parse/size.ts';
import { closeDb, failureOf, openStore } from '../store/index.ts';
import { VERSION } from '../version.ts';
import { exitStatusOfWorker, runWorker, WORKER_DEFAULTS, type WorkerEnd, type WorkerOptions } from '../worker/index.ts';
import { cannotWrite } from './reports/file.ts';
import { FAILURE_OPTIONS, REPORT_OPTIONS, readMaxFailures } from './reports/options.ts';
import { configOf } from './shared/io.ts';
import { startSpoolSender } from './shared/spooled.ts';
import { readRoots } from './shared/task-roots.ts';
import { mistypedQueues } from './shared/unknown.ts';
import { openWorkerLog } from './worker/log.ts';

export const command: Command = {
  name: 'worker',
  synopsis: '[queues…]',
  summary: 'run the jobs of queues, in their order of priority',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    {
      name: 'burst',
      alias: 'b',
      type: 'boolean',
      describe: 'end when all queues are empty: 0 all jobs done well, 1 some failed',
    },
    { name: 'name', alias: 'n', type: 'string', value: 'NAME', describe: 'its name (default: host.pid)' },
    {
      name: 'path',
      alias: 'P',
      type: 'list',
      value: 'DIR',
      describe: 'where tasks are found: here and in its tasks/; repeatable (default: .)',
    },
    {
      name: 'concurrency',
      alias: 'j',
      type: 'string',
      value: 'N',
      describe: 'how many jobs at a time, each in an executor of its own (default: 1)',
    },
    { name: 'num-workers', type: 'string', value: 'N', describe: 'the same, as RQ calls it' },
    {
      name: 'dequeue-strategy',
      type: 'string',
      value: 'default|random|round_robin',
      describe: 'which queue comes first (default: in the order given)',
    },
    { name: 'settle', type: 'boolean', describe: 'a burst also waits for due retries, dependents and scheduled jobs' },
    { name: 'for', type: 'string', value: 'DURATION', describe: 'how long --settle waits at the most (default: 10m); then 75' },
    { name: 'max-memory', type: 'string', value: 'SIZE', describe: 'replace an executor that is larger after its job: 512mb' },
    { name: 'recycle-after', type: 'string', value: 'N', describe: 'replace an executor after so many jobs' },
    {
      name: 'with-scheduler',
      alias: 's',
      type: 'boolean',
      describe: 'enqueue scheduled jobs when they are due, fire the slots of rqt cron (always on)',
    },
    { name: 'no-scheduler', type: 'boolean', describe: 'leave scheduled jobs to other workers' },
    {
      name: 'maintenance-interval',
      type: 'string',
      value: 'DURATION',
      describe: 'how often to look for jobs of dead workers (default: 30s)',
    },
    { name: 'worker-ttl', type: 'string', value: 'DURATION', describe: 'until Redis forgets a silent worker (default: 420s)' },
    {
      name: 'job-monitoring-interval',
      type: 'string',
      value: 'DURATION',
      describe: 'a job whose worker is silent for twice this is taken over (default: 30s)',
    },
    { name: 'max-jobs', type: 'string', value: 'N', describe: 'end after so many jobs' },
    { name: 'max-idle-time', type: 'string', value: 'DURATION', describe: 'end after so long without a job' },
    { name: 'isolate', type: 'boolean', describe: 'a fresh executor for every job' },
    {
      name: 'grace',
      type: 'string',
      value: 'DURATION',
      describe: 'how long a job that is stopped has before it is killed (default: 5s)',
    },
    { name: 'result-ttl', type: 'string', value: 'DURATION', describe: 'for jobs that say nothing themselves (default: 500s)' },
    { name: 'allow-shell', type: 'boolean', describe: 'let jobs run shell command lines (shell#run, shell#exec)' },
    ...FAILURE_OPTIONS,
    ...REPORT_OPTIONS,
    { name: 'pid', type: 'string', value: 'FILE', describe: 'write the process id there' },
    { name: 'verbose', alias: 'v', type: 'boolean', describe: 'tell more' },
    { name: 'quiet', alias: 'q', type: 'boolean', describe: 'tell only what went wrong' },
    { name: 'log-format', type: 'string', value: 'text|json', describe: 'how to tell it (default: text)' },
  ],
  epilogue: [
    'Ctrl-C (or SIGTERM, SIGHUP) once: finish the running job, then stop. Twice: stop at once and put the job back.',
    'Exit status of a burst: 0 all jobs done well, 1 some job failed, 75 suspended, 69 Redis unreachable at the start, 73 a report that cannot be written.',
  ].join('\n'),
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const { log, onOutput, ...workerOptions } = readOptions(words, options);
  const config = configOf(options);
  const { openReports } = await import('./reports/index.ts');
  const reports = openReports(options, workerOptions.queues, { showsSummary: showsSummary(options) });
  const removePidFile = writePidFile(options.text('pid'));
  try {
    const tell = (text: string) => log({ event: 'warning', text });
    const db = await openStore(withinLease(config, workerOptions), { persistent: true, tell });
    try {
      if (options.flag('burst')) for (const text of await mistypedQueues(db, workerOptions.queues)) log({ event: 'note', text });
      const spool = await startSpoolSender(db, config, { ...workerOptions, log });
      try {
        const end = await runWorker(db, {
          ...workerOptions,
          log,
          onOutput(call, stream, chunk) {
            reports.onOutput(call.jobId, stream, chunk);
            return onOutput(call, stream, chunk);
          },
          onEnded: reports.onEnded,
        });
        return reports.end(end.why, statusOf(end, options));
      } finally {
        spool.stop();
      }
    } catch (error) {
      throw failureOf(db, error);
    } finally {
      closeDb(db);
    }
  } finally {
    reports.close();
    removePidFile();
  }
}

/** A connection that has died is found out, and made anew, before the leases that it was to renew lapse; a slow Redis is given its time. */
function withinLease(config: Config, { leaseMs }: Pick<WorkerOptions, 'leaseMs'>): Config {
  return { ...config, answerTimeoutMs: Math.min(config.answerTimeoutMs, Math.max(leaseMs / 3, SHORTEST_SILENCE_MS)) };
}

const SHORTEST_SILENCE_MS = 5000;

/** Where the log is for machines, or nothing but trouble is to be told, nobody reads a summary. */
function showsSummary(options: Options): boolean {
  return options.flag('burst') && !options.flag('quiet') && options.text('log-format') !== 'json';
}

function readOptions(words: readonly string[], options: Options): Omit<WorkerOptions, 'onEnded'> {
  const queues = [...new Set((words.length > 0 ? words : [DEFAULT_QUEUE]).map(parseQueueName))];
  const name = options.text('name');
  const dist = import.meta.dirname;
  return {
    queues,
    burst: options.flag('burst'),
    ...readScale(options),
    ...readTimes(options),
    name: name === undefined ? undefined : parseWorkerName(name),
    taskRoots: readRoots(options.list('path')),
    maxJobs: readCount(options, 'max-jobs'),
    maxIdleMs: readDuration(options, 'max-idle-time', null),
    maxFailures: readMaxFailures(options),
    isolate: options.flag('isolate'),
    graceMs: readDuration(options, 'grace', WORKER_DEFAULTS.graceMs) ?? WORKER_DEFAULTS.graceMs,
    stopsAtOnce: false,
    resultTtlMs: readDuration(options, 'result-ttl', DEFAULT_LIMITS.resultTtlMs),
    allowShell: options.flag('allow-shell'),
    version: VERSION,
    executorScript: join(dist, 'executor.js'),
    shippedTasks: join(dist, 'tasks'),
    ...openWorkerLog(options),
  };
}

function readDuration(options: Options, name: string, otherwise: number | null): number | null {
  const text = options.text(name);
  if (text === undefined) return otherwise;
  return parseDuration(text, `--${name}`, {
    allowZero: name !== 'max-idle-time',
    allowNone: name === 'result-ttl',
    wholeSeconds: name === 'result-ttl',
  });
}

function readCount(options: Options, name: string, max?: number): number | null {
  const text = options.text(name);
  return text === undefined ? null : parseCount(text, `--${name}`, { example: 4, ...(max !== undefined && { max }) });
}

const MOST_SLOTS = 256;
const STRATEGIES = ['default', 'random', 'round_robin'] as const;

type Scale = Pick<
  WorkerOptions,
  'concurrency' | 'dequeueStrategy' | 'schedules' | 'settleForMs' | 'maxMemoryBytes' | 'recycleAfter'
>;

function readScale(options: Options): Scale {
  if (options.has('concurrency') && options.has('num-workers')) {
    throw new RqtError('usage', '--concurrency and --num-workers say the same: give one');
  }
  const strategy = STRATEGIES.find(name => name === (options.text('dequeue-strategy') ?? 'default'));
  if (!strategy)
    throw new RqtError(
      'usage',
      `--dequeue-strategy ${quote(options.text('dequeue-strategy') ?? '')}: say ${oneOfThese(STRATEGIES)}`,
    );
  if (options.flag('with-scheduler') && options.flag('no-scheduler')) {
    throw new RqtError('usage', '--with-scheduler and --no-scheduler exclude each other');
  }
  const memory = options.text('max-memory');
  return {
    concurrency: readCount(options, 'concurrency', MOST_SLOTS) ?? readCount(options, 'num-workers', MOST_SLOTS) ?? 1,
    dequeueStrategy: strategy,
    schedules: !options.flag('no-scheduler') && !options.isOff('with-scheduler'),
    settleForMs: readSettle(options),
    maxMemoryBytes: memory === undefined ? null : parseSize(memory, '--max-memory', LEAST_MEMORY_BYTES),
    recycleAfter: readCount(options, 'recycle-after'),
  };
}

/** Node itself needs more than this. */
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;
const SETTLE_FOR_MS = 600_000;

function readSettle(options: Options): number | null {
  const settles = options.flag('settle');
  if (!settles) {
    if (options.has('for')) throw new RqtError('usage', '--for is the time of --settle: give that too');
    return null;
  }
  if (!options.flag('burst')) throw new RqtError('usage', '--settle is about a --burst: give that too');
  const text = options.text('for');
  return text === undefined ? SETTLE_FOR_MS : parseDuration(text, '--for', { allowNone: false, wholeSeconds: false });
}

function readTimes(options: Options): Pick<WorkerOptions, 'leaseMs' | 'workerTtlMs' | 'sweepEveryMs'> {
  const read = (name: string) => {
    const text = options.text(name);
    return text === undefined ? null : parseDuration(text, `--${name}`, { allowZero: false, allowNone: false });
  };
  const monitoring = read('job-monitoring-interval');
  const workerTtl = read('worker-ttl');
  return {
    leaseMs: monitoring === null ? WORKER_DEFAULTS.leaseMs : 2 * monitoring,
    workerTtlMs: workerTtl === null ? WORKER_DEFAULTS.workerTtlMs : workerTtl + 60_000,
    sweepEveryMs: read('maintenance-interval') ?? WORKER_DEFAULTS.sweepEveryMs,
  };
}

/** Returns what removes the file again. */
function writePidFile(path: string | undefined): () => void {
  if (path === undefined) return () => {};
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    throw cannotWrite('--pid', path, error);
  }
  return () => rmSync(path, { force: true });
}

/**
 * A burst that a signal ended has not done all its work, nor has any worker that dropped the end of a job: 128 + n. A lasting one that was asked to
 * stop has done what it was asked.
 */
function statusOf(end: WorkerEnd, options: Options): number {
  const burst = options.flag('burst');
  if ((burst || end.dropsEnd) && end.why === 'stopped' && end.signal !== null) return 128 + constants.signals[end.signal];
  const status = exitStatusOfWorker(end, burst);
  return status === EXIT_STATUS.no && options.flag('exit-zero') ? 0 : status;
}

import { rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command, CommandLine, Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { DEFAULT_LIMITS, DEFAULT_QUEUE } from '../model.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseQueueName, parseWorkerName } from '../parse/names.ts';
import { closeDb, failureOf, openStore } from '../store/index.ts';
import { VERSION } from '../version.ts';
import { exitStatusOfWorker, runWorker, WORKER_DEFAULTS, type WorkerEnd, type WorkerOptions } from '../worker/index.ts';
import { configOf } from './io.ts';
import { openWorkerLog } from './worker-log.ts';

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
      describe: 'where tasks are found; repeatable (default: . and ./tasks)',
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
    { name: 'pid', type: 'string', value: 'FILE', describe: 'write the process id there' },
    { name: 'verbose', alias: 'v', type: 'boolean', describe: 'tell more' },
    { name: 'quiet', alias: 'q', type: 'boolean', describe: 'tell only what went wrong' },
    { name: 'log-format', type: 'string', value: 'text|json', describe: 'how to tell it (default: text)' },
  ],
  epilogue: [
    'Ctrl-C (or SIGTERM, SIGHUP) once: finish the running job, then stop. Twice: stop at once and put the job back.',
    'Exit status of a burst: 0 all jobs done well, 1 some job failed, 75 suspended, 69 Redis unreachable at the start.',
  ].join('\n'),
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const workerOptions = readOptions(words, options);
  const config = configOf(options);
  const removePidFile = writePidFile(options.text('pid'));
  try {
    const db = await openStore(config, { persistent: true });
    try {
      return statusOf(await runWorker(db, workerOptions), workerOptions.burst);
    } catch (error) {
      throw failureOf(db, error);
    } finally {
      closeDb(db);
    }
  } finally {
    removePidFile();
  }
}

function readOptions(words: readonly string[], options: Options): WorkerOptions {
  const queues = [...new Set((words.length > 0 ? words : [DEFAULT_QUEUE]).map(parseQueueName))];
  const name = options.text('name');
  const dist = import.meta.dirname;
  return {
    queues,
    burst: options.flag('burst'),
    name: name === undefined ? undefined : parseWorkerName(name),
    taskRoots: readRoots(options.list('path')),
    maxJobs: readCount(options.text('max-jobs'), '--max-jobs'),
    maxIdleMs: readDuration(options, 'max-idle-time', null),
    isolate: options.flag('isolate'),
    graceMs: readDuration(options, 'grace', WORKER_DEFAULTS.graceMs) ?? WORKER_DEFAULTS.graceMs,
    resultTtlMs: readDuration(options, 'result-ttl', DEFAULT_LIMITS.resultTtlMs),
    allowShell: options.flag('allow-shell'),
    version: VERSION,
    executorScript: join(dist, 'executor.js'),
    shippedTasks: join(dist, 'tasks'),
    leaseMs: WORKER_DEFAULTS.leaseMs,
    workerTtlMs: WORKER_DEFAULTS.workerTtlMs,
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

/** Roots that were named must exist; the default ones need not. */
function readRoots(paths: readonly string[]): string[] {
  if (paths.length === 0) return [process.cwd(), resolve('tasks')];
  for (const path of paths) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new RqtError('missing', `--path ${path}: there is no such directory`);
  }
  return paths.map(path => resolve(path));
}

function readCount(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new RqtError('usage', `${flag} ${JSON.stringify(text)}: it must be a whole number above 0, such as ${flag} 100`);
  return Number(text);
}

/** Returns what removes the file again. */
function writePidFile(path: string | undefined): () => void {
  if (path === undefined) return () => {};
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    throw new RqtError('cannotWrite', `--pid ${path}: it cannot be written: ${(error as Error).message}`, { cause: error });
  }
  return () => rmSync(path, { force: true });
}

/** A burst that a signal ended has not done all its work: 128 + n. A lasting worker that was asked to stop has done what it was asked. */
function statusOf(end: WorkerEnd, burst: boolean): number {
  if (burst && end.why === 'stopped' && end.signal !== null) return 128 + constants.signals[end.signal];
  return exitStatusOfWorker(end, burst);
}

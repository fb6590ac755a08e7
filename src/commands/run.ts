import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command, CommandLine, Options } from '../command.ts';
import type { EndedExecution } from '../ended-execution.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { DEFAULT_LIMITS, RUN_QUEUE_START } from '../model.ts';
import { parseDuration } from '../parse/duration.ts';
import {
  closeDb,
  type Db,
  dropLostRuns,
  dropRun,
  enqueue,
  failureOf,
  type JobResult,
  noteRun,
  openStore,
  result,
} from '../store/index.ts';
import { VERSION } from '../version.ts';
import { runWorker, WORKER_DEFAULTS, type WorkerEnd, type WorkerOptions } from '../worker/index.ts';
import { newJob, type Order, optionsOf, readOrder } from './enqueue/order.ts';
import { openReports, type Reports } from './reports/index.ts';
import { RUN_OPTIONS } from './run/options.ts';
import { type KeptSignals, keepSignals, Left, unlessLeft } from './run/signals.ts';
import { RunTeller } from './run/teller.ts';
import { exitStatusOfJob, type JobEnd } from './shared/follow-job.ts';
import { configOf, say } from './shared/io.ts';
import { newJobId } from './shared/new-job-id.ts';
import { readRoots } from './shared/task-roots.ts';

export const command: Command = {
  name: 'run',
  synopsis: '<module#fn> [args…] [-- plain words…]',
  summary: 'run one task here and now: timeouts, retries, reports',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  takesPlainWords: true,
  outlivesReader: true,
  options: RUN_OPTIONS,
  epilogue: [
    'Arguments as for rqt enqueue. The job is on a queue of its own and is gone afterwards; what it prints goes through as it is.',
    'Exit status: 0 finished, 1 failed (of shell#run and shell#exec: that of the command), 75 all workers are suspended, 130 Ctrl-C.',
  ].join('\n'),
  run,
};

async function run(line: CommandLine): Promise<number> {
  const { options } = line;
  const order: Order = { ...(await readOrder(line)), queue: `${RUN_QUEUE_START}${newJobId().slice(0, 8)}` };
  const teller = new RunTeller(options, order.call.task);
  const common = workerOptions(order, options);
  const reports = openReports(options, [REPORTED_QUEUE], { showsSummary: false });
  const signals = keepSignals();
  try {
    const tell = (text: string) => teller.log({ event: 'warning', text });
    const db = await openStore(configOf(options), { persistent: true, tell });
    try {
      return await runOn(db, { order, options, common, reports, teller, signals });
    } catch (error) {
      throw failureOf(db, error);
    } finally {
      closeDb(db);
    }
  } finally {
    reports.close();
    signals.end();
  }
}

/** Reports of different runs are about the same tests: they do not have the name of this run's queue. */
const REPORTED_QUEUE = 'run';

interface Run {
  readonly order: Order;
  readonly options: Options;
  readonly common: Omit<WorkerOptions, 'onEnded' | 'onOutput' | 'log'>;
  readonly reports: Reports;
  readonly teller: RunTeller;
  readonly signals: KeptSignals;
}

async function runOn(db: Db, { order, options, common, reports, teller, signals }: Run): Promise<number> {
  const { queue } = order;
  const job = newJob(order, []);
  let worker: string | null = null;
  let isAway = false;
  const ask = async <T>(why: string, work: () => Promise<T>) => {
    const answer = await unlessLeft(db, signals, why, work);
    isAway ||= answer instanceof Left;
    return answer;
  };
  const noted = await ask('to begin', async () => {
    await dropLostRuns(db);
    await noteRun(db, queue, IN_USE_MS);
  });
  if (noted instanceof Left) return signalStatus(noted.signal);
  const beat = setInterval(() => void noteRun(db, queue, IN_USE_MS).catch(() => {}), BEAT_MS);
  try {
    await ask('to begin', () => enqueue(db, [job], optionsOf(order)));
    if (signals.first !== null) return signalStatus(signals.first);
    const { running, started } = startWorker(db, job.id, { common, reports, teller });
    void started.then(name => {
      worker = name;
    });
    // From then on it hears signals itself.
    const begun = await ask('to begin', () => Promise.race([started, running]));
    if (begun instanceof Left) return signalStatus(begun.signal);
    const end = await running;
    isAway = end.withoutRedis;
    const answer = isAway ? null : await ask('to learn what the job has left', () => result(db, job.id));
    const left = answer === null || answer instanceof Left ? notKnown(teller.fate) : answer;
    const status = statusOf(end, left, signals.first);
    teller.end(job.id, left, { status, why: end.why });
    return reports.end(end.why, status);
  } finally {
    clearInterval(beat);
    const keeps = options.flag('keep');
    if (!isAway) await ask('to clean up', () => (keeps ? noteRun(db, queue, KEPT_MS) : dropRun(db, queue, worker)));
    // Then the next run removes what is left.
    if (isAway) say('rqt: what this run has left in Redis will be removed by a later one, or by any worker');
    else if (keeps) say(`rqt: the job is kept for a day: rqt status ${job.id}`);
  }
}

/** Starts the worker of a run. `started`: its name, once it is registered. */
function startWorker(db: Db, id: string, { common, reports, teller }: Pick<Run, 'common' | 'reports' | 'teller'>) {
  let tellStarted = (_: string) => {};
  const started = new Promise<string>(resolve => {
    tellStarted = resolve;
  });
  const running = runWorker(db, {
    ...common,
    log(told) {
      if (told.event === 'started') tellStarted(told.worker);
      teller.log(told);
    },
    onOutput(call, stream, chunk) {
      reports.onOutput(call.jobId, stream, chunk);
      return teller.output(stream, chunk);
    },
    onEnded(ended: EndedExecution) {
      reports.onEnded({ ...ended, queue: REPORTED_QUEUE });
      teller.ended(ended, id);
    },
  });
  return { running, started };
}

/** What became of a job when Redis cannot be asked. `fate`: how it ended, where that is known. */
function notKnown(fate: string | null): JobResult {
  return { kind: 'unfinished', state: fate ?? 'started' };
}

/** A run that was not heard of for so long was killed. */
const IN_USE_MS = 600_000;
const BEAT_MS = 30_000;
const KEPT_MS = 86_400_000;
/** As long as its retries take, and the jobs that it enqueues on its own queue. */
const SETTLE_FOR_MS = 365 * 86_400_000;

function workerOptions({ queue, call }: Order, options: Options): Run['common'] {
  const dist = import.meta.dirname;
  const grace = options.text('grace');
  if (options.flag('quiet') && options.flag('verbose')) {
    throw new RqtError('usage', '--verbose and --quiet exclude each other');
  }
  return {
    ...{ queues: [queue], burst: true, name: undefined, concurrency: 1, dequeueStrategy: 'default', schedules: true },
    ...{ settleForMs: SETTLE_FOR_MS, maxMemoryBytes: null, recycleAfter: null, maxJobs: null, maxIdleMs: null },
    ...{ maxFailures: null, stopsAtOnce: true, resultTtlMs: DEFAULT_LIMITS.resultTtlMs, version: VERSION },
    ...WORKER_DEFAULTS,
    ...(grace !== undefined && { graceMs: parseDuration(grace, '--grace', { allowNone: false, wholeSeconds: false }) ?? 0 }),
    taskRoots: readRoots(options.list('path')),
    isolate: options.flag('isolate'),
    // Whoever types a shell task here could as well have typed its command line.
    allowShell: options.flag('allow-shell') || /^shell[#.]/.test(call.task),
    executorScript: join(dist, 'executor.js'),
    shippedTasks: join(dist, 'tasks'),
  };
}

function statusOf(end: WorkerEnd, left: Awaited<ReturnType<typeof result>>, early: NodeJS.Signals | null): number {
  const signal = end.signal ?? early;
  if (signal !== null) return signalStatus(signal);
  if (end.why === 'suspended' || left.kind === 'unfinished') return EXIT_STATUS.tryAgain;
  const own = exitStatusOfJob(left satisfies JobEnd);
  return own === 0 && end.failed > 0 ? EXIT_STATUS.no : own;
}

function signalStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

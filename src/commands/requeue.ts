import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseGlob } from '../parse/glob.ts';
import { parseJobId, parseQueueName } from '../parse/names.ts';
import {
  countFailed,
  type Db,
  type FailedJob,
  failedJobs,
  queueNames,
  queueOf,
  type Requeued,
  redisNow,
  requeue,
  stateOf,
} from '../store/index.ts';
import { walkIds } from './shared/each-id.ts';
import { refuseBoth } from './shared/exclude.ts';
import { type Halt, inSteps, interrupted } from './shared/in-steps.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { openProgress, type ProgressLine, SILENT } from './shared/progress.ts';
import { refuseUnknownQueues, unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'requeue',
  synopsis: '<id…> | --all [--queue Q] [--failed-since 1h] [--task PATTERN]',
  summary: 'run jobs again that have failed, or have ended otherwise',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    { name: 'all', alias: 'a', type: 'boolean', describe: 'all failed and stopped jobs' },
    { name: 'queue', alias: 'q', type: 'list', value: 'NAME', describe: 'those of this queue only; repeatable' },
    { name: 'failed-since', type: 'string', value: 'DURATION', describe: 'those that failed within this time only' },
    { name: 'task', type: 'string', value: 'PATTERN', describe: 'those of these tasks only: mail/*#send' },
    { name: 'at-front', type: 'boolean', describe: 'put them at the front of their queues' },
    { name: 'dry-run', type: 'boolean', describe: 'only say which would be run again' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per job' },
    QUIET_OPTION,
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const selecting = ['all', 'failed-since', 'task'];
  const names = words.length > 0;
  refuseBoth(words, 'ids of jobs', options, selecting);
  // RQ wants --queue always, also beside ids.
  if (!names && ![...selecting, 'queue'].some(name => options.has(name))) {
    throw new RqtError(
      'usage',
      'name the jobs to run again, or say which of the failed ones: --all, --queue, --failed-since or --task',
    );
  }
  const ids = words.map(parseJobId);
  const wanted = readSelection(options);
  return names ? requeueNamed(ids, wanted, options) : requeueSelected(wanted, options);
}

async function requeueNamed(ids: readonly string[], { queues }: Selection, options: Options): Promise<number> {
  // The last one first, so that the one named first comes to stand at the front.
  const walk = options.flag('at-front') ? walkIds(ids.toReversed(), 'last') : walkIds(ids);
  const work = async (db: Db) => {
    await refuseUnknownQueues(db, queues);
    return walk.run(async id => ((await isOfAnother(db, id, queues)) ? EXIT_STATUS.no : requeueOne(db, id, options)));
  };
  return withStore(options, work, { writes: true, ifLost: walk.ifLost });
}

/** Whether a job belongs to none of the queues that were named, if any were; says so. */
async function isOfAnother(db: Db, id: string, queues: readonly string[]): Promise<boolean> {
  if (queues.length === 0) return false;
  const queue = await queueOf(db, id);
  if (queue === null || queues.includes(queue)) return false;
  say(`rqt: job ${id} is of queue ${queue}; it was left alone`);
  return true;
}

/** Runs one job again and tells so; returns its share of the exit status. */
async function requeueOne(db: Db, id: string, options: Options): Promise<number> {
  const dryRun = options.flag('dry-run');
  const result = dryRun ? await wouldRequeue(db, id) : await requeue(db, id, options.flag('at-front'));
  switch (result.kind) {
    case 'missing':
      say(`rqt: ${unknownJob(id)}`);
      return EXIT_STATUS.missing;
    case 'unfinished':
      say(`rqt: job ${id} is still ${result.state}; only a job that has ended can be run again`);
      return EXIT_STATUS.no;
    case 'would':
      return tellWould(id, options);
    default: {
      const { kind, queue } = result;
      if (options.flag('json')) print(documentOf(id, result));
      else print(kind === 'queued' ? `${id} queued on ${queue}` : `${id} deferred: a parent has not finished`);
      return 0;
    }
  }
}

async function wouldRequeue(
  db: Db,
  id: string,
): Promise<Extract<Requeued, { kind: 'unfinished' | 'missing' }> | { kind: 'would' }> {
  const state = await stateOf(db, id);
  if (state === null) return { kind: 'missing' };
  return ENDED.includes(state) ? { kind: 'would' } : { kind: 'unfinished', state };
}

const ENDED = ['finished', 'failed', 'stopped', 'canceled'];

function tellWould(id: string, options: Options): number {
  if (options.flag('json')) print(documentOf(id, null));
  else print(`${id} would be run again`);
  return 0;
}

/** `became`: where the job is now; null: nothing was done. */
function documentOf(id: string, became: Extract<Requeued, { kind: 'queued' | 'deferred' }> | null): string {
  const place = { state: became?.kind ?? null, queue: became?.queue ?? null };
  return JSON.stringify({ version: 1, kind: 'requeued', id, ...place, dry_run: became === null });
}

/** Which of the failed jobs are meant. */
interface Selection {
  readonly queues: readonly string[];
  readonly sinceMs: number | null;
  readonly matches: (task: string) => boolean;
  readonly isAnyTask: boolean;
}

function readSelection(options: Options): Selection {
  const since = options.text('failed-since');
  const pattern = options.text('task');
  return {
    queues: options.list('queue').map(parseQueueName),
    sinceMs:
      since === undefined
        ? null
        : parseDuration(since, '--failed-since', { allowNone: false, allowZero: false, wholeSeconds: false }),
    matches: pattern === undefined ? () => true : parseGlob(pattern, '--task'),
    isAnyTask: pattern === undefined,
  };
}

/** How far it is. */
interface Tally {
  /** How many jobs have failed at the start. */
  total: number;
  looked: number;
  /** Those that were, or would be, run again. */
  chosen: number;
}

async function requeueSelected(selection: Selection, options: Options): Promise<number> {
  const tally: Tally = { total: 0, looked: 0, chosen: 0 };
  const work = async (db: Db) => {
    const known = await queueNames(db);
    await refuseUnknownQueues(db, selection.queues);
    const queues = selection.queues.length > 0 ? selection.queues : known;
    tally.total = (await Promise.all(queues.map(queue => countFailed(db, queue)))).reduce((sum, count) => sum + count, 0);
    return inSteps(
      (halt, progress) => requeuePages(db, queues, { selection, options, tally, halt, progress }),
      options.flag('quiet') ? SILENT : openProgress(tally.total),
    );
  };
  const ifLost = () =>
    options.flag('dry-run') ? 'try again' : `${countText(tally, options)}, some more may have been (the same command goes on)`;
  return withStore(options, work, { writes: true, ifLost });
}

interface Pages {
  readonly selection: Selection;
  readonly options: Options;
  readonly tally: Tally;
  readonly halt: Halt;
  readonly progress: ProgressLine;
}

async function requeuePages(db: Db, queues: readonly string[], pages: Pages): Promise<number> {
  const { selection, options, tally, halt, progress } = pages;
  const notBefore = selection.sinceMs === null ? null : (await redisNow(db)) - selection.sinceMs;
  let isCut = false;
  for (const queue of queues) {
    for await (const page of failedJobs(db, queue)) {
      isCut ||= halt.signal !== null && page.length > 0;
      if (isCut) break;
      const wanted = page.filter(job => isWanted(job, selection, notBefore));
      await requeuePage(db, wanted, options, tally);
      if (__FAILPOINTS__) failpoint('requeue.page');
      tally.looked += page.length;
      progress.update(tally.looked);
    }
    if (isCut) break;
  }
  progress.end();
  const { looked, total } = tally;
  if (!options.flag('json')) print(countText(tally, options));
  if (!halt.signal || !isCut) return 0;
  const all = `${total} failed ${total === 1 ? 'job' : 'jobs'}`;
  return interrupted(halt.signal, `${countText(tally, options)}; ${looked} of ${all} were looked at, the others were left alone`);
}

function countText({ chosen }: Tally, options: Options): string {
  return `${chosen} ${chosen === 1 ? 'job' : 'jobs'} ${options.flag('dry-run') ? 'would be run again' : 'requeued'}`;
}

function isWanted({ task, endedAt }: FailedJob, { matches, isAnyTask }: Selection, notBefore: number | null): boolean {
  if (notBefore !== null && (endedAt === null || endedAt < notBefore)) return false;
  return isAnyTask || (task !== null && matches(task));
}

/** Sends a page at once. Of a lost connection those are told, too, whose answers came before. */
async function requeuePage(db: Db, jobs: readonly FailedJob[], options: Options, tally: Tally): Promise<void> {
  const json = options.flag('json');
  if (options.flag('dry-run')) {
    for (const { id } of jobs) tellWould(id, options);
    tally.chosen += jobs.length;
    return;
  }
  const results = await Promise.allSettled(jobs.map(({ id }) => requeue(db, id, options.flag('at-front'))));
  for (const [i, { id }] of jobs.entries()) {
    const result = results[i];
    if (result?.status !== 'fulfilled' || (result.value.kind !== 'queued' && result.value.kind !== 'deferred')) continue;
    tally.chosen += 1;
    if (json) print(documentOf(id, result.value));
  }
  const lost = results.find(result => result.status === 'rejected');
  if (lost) throw lost.reason;
}

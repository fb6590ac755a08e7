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
import { refuseBoth } from './shared/exclude.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { openProgress, SILENT } from './shared/progress.ts';
import { refuseUnknownQueues } from './shared/unknown.ts';

export const command: Command = {
  name: 'requeue',
  synopsis: '<id…> | --all [--queue Q] [--failed-since 1h] [--task PATTERN]',
  summary: 'run jobs again that have failed, or have ended otherwise',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
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
  return withStore(options, db => (names ? requeueNamed(db, ids, wanted, options) : requeueSelected(db, wanted, options)), {
    writes: true,
  });
}

async function requeueNamed(db: Db, ids: readonly string[], { queues }: Selection, options: Options): Promise<number> {
  await refuseUnknownQueues(db, queues);
  let worst = 0;
  // The last one first, so that the one named first comes to stand at the front.
  for (const id of options.flag('at-front') ? ids.toReversed() : ids) {
    const status = (await isOfAnother(db, id, queues)) ? EXIT_STATUS.no : await requeueOne(db, id, options);
    worst = Math.max(worst, status);
  }
  return worst;
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
      say(`rqt: there is no job ${id}; it may have been kept for a limited time only`);
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

async function requeueSelected(db: Db, selection: Selection, options: Options): Promise<number> {
  const known = await queueNames(db);
  await refuseUnknownQueues(db, selection.queues);
  const queues = selection.queues.length > 0 ? selection.queues : known;
  const total = (await Promise.all(queues.map(queue => countFailed(db, queue)))).reduce((sum, count) => sum + count, 0);
  const notBefore = selection.sinceMs === null ? null : (await redisNow(db)) - selection.sinceMs;
  const progress = options.flag('quiet') ? SILENT : openProgress(total);
  let looked = 0;
  let chosen = 0;
  for (const queue of queues) {
    for await (const page of failedJobs(db, queue)) {
      const wanted = page.filter(job => isWanted(job, selection, notBefore));
      chosen += await requeuePage(db, wanted, options);
      if (__FAILPOINTS__) failpoint('requeue.page');
      looked += page.length;
      progress.update(looked);
    }
  }
  progress.end();
  if (!options.flag('json'))
    print(`${chosen} ${chosen === 1 ? 'job' : 'jobs'} ${options.flag('dry-run') ? 'would be run again' : 'requeued'}`);
  return 0;
}

function isWanted({ task, endedAt }: FailedJob, { matches, isAnyTask }: Selection, notBefore: number | null): boolean {
  if (notBefore !== null && (endedAt === null || endedAt < notBefore)) return false;
  return isAnyTask || (task !== null && matches(task));
}

/** Sends a page at once; returns how many were, or would be, run again. */
async function requeuePage(db: Db, jobs: readonly FailedJob[], options: Options): Promise<number> {
  const json = options.flag('json');
  if (options.flag('dry-run')) {
    for (const { id } of jobs) tellWould(id, options);
    return jobs.length;
  }
  const results = await Promise.all(jobs.map(({ id }) => requeue(db, id, options.flag('at-front'))));
  let done = 0;
  for (const [i, { id }] of jobs.entries()) {
    const result = results[i];
    if (result?.kind !== 'queued' && result?.kind !== 'deferred') continue;
    done += 1;
    if (json) print(documentOf(id, result));
  }
  return done;
}

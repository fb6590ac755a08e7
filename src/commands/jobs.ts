import type { Command, CommandLine, Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { JOB_STATES, type JobRow, type JobState } from '../model.ts';
import { parseCount } from '../parse/count.ts';
import { parseDuration } from '../parse/duration.ts';
import { type Matcher, parseGlob } from '../parse/glob.ts';
import { parseGroupName, parseQueueName } from '../parse/names.ts';
import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';
import { type Db, hasGroup, type JobQuery, listJobs, queueNames, redisNow } from '../store/index.ts';
import { print, readStore, say } from './shared/io.ts';
import { writePaced } from './shared/paced.ts';
import type { ProgressLine } from './shared/progress.ts';
import { refuseUnknownQueues } from './shared/unknown.ts';
import { whileLooking } from './shared/while-looking.ts';

const DEFAULT_LIMIT = 50;

export const command: Command = {
  name: 'jobs',
  synopsis: '[queues…]',
  summary: 'list jobs, newest first',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    {
      name: 'state',
      alias: 's',
      type: 'list',
      value: 'STATE',
      choices: JOB_STATES,
      describe: `only these: ${JOB_STATES.join(', ')}; a comma list, or repeated`,
    },
    { name: 'task', type: 'string', value: 'PATTERN', describe: "only these tasks: 'mail/*#send'" },
    { name: 'group', alias: 'g', type: 'string', value: 'NAME', describe: 'only jobs of this group' },
    { name: 'since', type: 'string', value: 'DURATION', describe: 'only what came into its state within this time, such as 1h' },
    {
      name: 'limit',
      alias: 'n',
      type: 'string',
      value: 'N',
      describe: `at most so many (default: ${DEFAULT_LIMIT}; with --json all)`,
    },
    { name: 'json', type: 'boolean', describe: 'JSON lines' },
  ],
  epilogue:
    'The time is that at which a job came into its state, of a scheduled one that at which it is due. A registry of more than 1,000 jobs is listed in the order in which Redis will forget them: that of time, where all jobs of the queue are kept equally long.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const wish = readWish(words, options);
  return readStore(options, async db => {
    const readAt = await redisNow(db);
    const query = await queryOf(db, wish, readAt);
    await whileLooking(progress => {
      let looked = 0;
      const onLooked = (count: number) => {
        looked += count;
        progress.update(looked);
      };
      const rows = listJobs(db, { ...query, onLooked });
      return (wish.json ? printLines : printTable)(rows, { readAt, limit: wish.limit, progress });
    });
    return 0;
  });
}

/** What a command line asks for: checked. */
interface Wish {
  readonly queues: readonly string[];
  readonly states: readonly JobState[];
  readonly group: string | null;
  readonly sinceMs: number | null;
  readonly isWantedTask: Matcher | null;
  readonly limit: number | null;
  readonly json: boolean;
}

function readWish(words: readonly string[], options: Options): Wish {
  const [task, group, since, limit] = ['task', 'group', 'since', 'limit'].map(name => options.text(name));
  const json = options.flag('json');
  return {
    queues: [...new Set(words.map(parseQueueName))],
    states: readStates(options.list('state')),
    group: group === undefined ? null : parseGroupName(group),
    sinceMs: since === undefined ? null : parseDuration(since, '--since', { allowNone: false, wholeSeconds: false }),
    isWantedTask: task === undefined ? null : parseGlob(task, '--task'),
    limit: limit === undefined ? (json ? null : DEFAULT_LIMIT) : parseCount(limit, '--limit'),
    json,
  };
}

function readStates(values: readonly string[]): readonly JobState[] {
  const names = values.flatMap(value => value.split(',')).map(name => name.trim());
  return names.length === 0 ? JOB_STATES : [...new Set(names.map(readState))];
}

function readState(name: string): JobState {
  const state = JOB_STATES.find(known => known === name);
  if (state) return state;
  const near = nearest(name, JOB_STATES);
  const hint = near === null ? `it is one of ${JOB_STATES.join(', ')}` : `did you mean ${near}? (all: ${JOB_STATES.join(', ')})`;
  throw new RqtError('usage', `--state ${quote(name)} is no state of a job; ${hint}`);
}

async function queryOf(db: Db, wish: Wish, readAt: number): Promise<JobQuery> {
  await refuseUnknownQueues(db, wish.queues);
  if (wish.group !== null && !(await hasGroup(db, wish.group)))
    throw new RqtError('missing', `there is no group ${quote(wish.group)}, or its jobs are all gone`);
  return {
    queues: wish.queues.length > 0 ? wish.queues : await queueNames(db),
    states: wish.states,
    group: wish.group,
    since: wish.sinceMs === null ? null : readAt - wish.sinceMs,
    isWantedTask: wish.isWantedTask,
    withTask: wish.json,
  };
}

interface Listing {
  readonly readAt: number;
  /** null: all. */
  readonly limit: number | null;
  /** Is off the screen whenever something is printed. */
  readonly progress: ProgressLine;
}

/** Lines are written in batches: a write for each would take most of the time. */
const LINES_PER_WRITE = 100;

async function printLines(rows: AsyncGenerator<JobRow>, { readAt, limit, progress }: Listing): Promise<void> {
  const [{ jobLine }, { safeJson }] = await Promise.all([import('../view/jobs-json.ts'), import('../view/safe.ts')]);
  let batch: string[] = [];
  const write = async () => {
    progress.end();
    await writePaced(process.stdout, batch.join(''));
    batch = [];
  };
  let count = 0;
  for (let next = await rows.next(); !next.done; next = await rows.next()) {
    batch.push(`${safeJson(jobLine(next.value, readAt))}\n`);
    count += 1;
    if (batch.length >= LINES_PER_WRITE) await write();
    if (limit !== null && count >= limit) break;
  }
  if (batch.length > 0) await write();
}

async function printTable(rows: AsyncGenerator<JobRow>, { readAt, limit, progress }: Listing): Promise<void> {
  const [{ renderJobs }, { lookOf }] = await Promise.all([import('../view/jobs.ts'), import('../view/look.ts')]);
  const look = lookOf(process.stdout, process.env, readAt);
  const shown: JobRow[] = [];
  let next = await rows.next();
  for (; !next.done && shown.length < (limit ?? Number.POSITIVE_INFINITY); next = await rows.next()) shown.push(next.value);
  progress.end();
  if (shown.length === 0) return say('no such jobs (which queues there are: rqt info)');
  print(renderJobs(shown, readAt, look));
  if (!next.done) say(`… and more: --limit ${10 * (limit ?? DEFAULT_LIMIT)} shows more of them, --json all`);
}

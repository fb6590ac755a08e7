import type { Command, CommandLine, Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseQueueName } from '../parse/names.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import { countQueued, type Db, empty, queueNames } from '../store/index.ts';
import { refuseBoth } from './shared/exclude.ts';
import { type Halt, inSteps, interrupted } from './shared/in-steps.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from './shared/io.ts';
import { openProgress, type ProgressLine, SILENT } from './shared/progress.ts';
import { refuseUnknownQueues } from './shared/unknown.ts';

export const command: Command = {
  name: 'empty',
  synopsis: '[queues…]',
  summary: 'remove the queued jobs of queues',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    { name: 'all', alias: 'a', type: 'boolean', describe: 'all queues' },
    { name: 'dry-run', type: 'boolean', describe: 'only say how many jobs would be removed' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per queue' },
    QUIET_OPTION,
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const all = options.flag('all');
  refuseBoth(words, 'names of queues', options, ['all']);
  if (!all && words.length === 0)
    throw new RqtError('usage', 'name the queues to empty, or give --all for all of them: rqt empty default');
  const named = [...new Set(words.map(parseQueueName))];
  const reached: Reached = { queue: null, removed: 0, canceled: 0 };
  return withStore(
    options,
    async db => {
      await refuseUnknownQueues(db, named);
      const queues = all ? await queueNames(db) : named;
      if (queues.length === 0 && !options.flag('json')) print('there are no queues');
      const counts = await Promise.all(queues.map(queue => countQueued(db, queue)));
      if (options.flag('dry-run')) {
        for (const [i, queue] of queues.entries()) tell(queue, { removed: counts[i] ?? 0, canceled: 0 }, options);
        return 0;
      }
      const total = counts.reduce((sum, count) => sum + count, 0);
      return inSteps(
        (halt, progress) => emptyAll(db, queues, { options, reached, halt, progress }),
        options.flag('quiet') ? SILENT : openProgress(total),
      );
    },
    { writes: true, ifLost: () => whereLost(reached) },
  );
}

/** The queue that is being emptied, and what was removed from it so far. */
interface Reached {
  queue: string | null;
  removed: number;
  canceled: number;
}

interface Work {
  readonly options: Options;
  readonly reached: Reached;
  readonly halt: Halt;
  readonly progress: ProgressLine;
}

async function emptyAll(db: Db, queues: readonly string[], { options, reached, halt, progress }: Work): Promise<number> {
  let before = 0;
  for (const [i, queue] of queues.entries()) {
    if (halt.signal) return leave(db, halt.signal, { half: null, untouched: queues.slice(i), options });
    Object.assign(reached, { queue, removed: 0, canceled: 0 });
    let left = 0;
    for await (const step of empty(db, queue)) {
      reached.removed += step.removed;
      reached.canceled += step.canceled;
      progress.update(before + reached.removed);
      left = step.left;
      if (halt.signal) break;
    }
    progress.end();
    before += reached.removed;
    tell(queue, reached, options);
    if (halt.signal && left > 0)
      return leave(db, halt.signal, { half: { queue, removed: reached.removed }, untouched: queues.slice(i + 1), options });
  }
  return 0;
}

/** What a signal has left. */
interface Rest {
  readonly half: { readonly queue: string; readonly removed: number } | null;
  readonly untouched: readonly string[];
  readonly options: Options;
}

async function leave(db: Db, signal: NodeJS.Signals, { half, untouched, options }: Rest): Promise<number> {
  const names = [...(half ? [half.queue] : []), ...untouched];
  const others = `${untouched.length} ${half ? 'other ' : ''}${untouched.length === 1 ? 'queue was' : 'queues were'} not touched`;
  const parts = [
    ...(half
      ? [`${jobsText(half.removed)} removed from ${half.queue} queue, ${await countQueued(db, half.queue)} still there`]
      : []),
    ...(untouched.length > 0 ? [others] : []),
  ];
  const goOn = options.flag('all') ? '--all' : names.join(' ');
  return interrupted(signal, escapeUnprintable(`${parts.join('; ')} (go on: rqt empty ${goOn})`));
}

function whereLost({ queue, removed }: Reached): string {
  if (queue === null) return 'nothing was removed';
  return escapeUnprintable(
    `${jobsText(removed)} removed from ${queue} queue, some more may have been, the rest is still there (go on: rqt empty ${queue})`,
  );
}

function tell(queue: string, { removed, canceled }: Removed, options: Options): void {
  const isDry = options.flag('dry-run');
  if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'emptied', queue, removed, canceled, dry_run: isDry }));
  else print(escapeUnprintable(sentence(queue, { removed, canceled }, isDry)));
}

interface Removed {
  readonly removed: number;
  readonly canceled: number;
}

/** RQ's own sentence (rq/cli/cli.py), and what rqt adds to it. */
function sentence(queue: string, { removed, canceled }: Removed, dryRun: boolean): string {
  const jobs = jobsText(removed);
  if (dryRun) return `${jobs} would be removed from ${queue} queue`;
  const children = canceled > 0 ? `, ${canceled} deferred on them canceled` : '';
  return `${jobs} removed from ${queue} queue${children}`;
}

function jobsText(count: number): string {
  return `${count} ${count === 1 ? 'job' : 'jobs'}`;
}

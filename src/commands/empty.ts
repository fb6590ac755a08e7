import type { Command, CommandLine } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseQueueName } from '../parse/names.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import { countQueued, type Db, empty, queueNames } from '../store/index.ts';
import { refuseBoth } from './shared/exclude.ts';
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
  return withStore(
    options,
    async db => {
      await refuseUnknownQueues(db, named);
      const queues = all ? await queueNames(db) : named;
      const dryRun = options.flag('dry-run');
      const total = (await Promise.all(queues.map(queue => countQueued(db, queue)))).reduce((sum, count) => sum + count, 0);
      const progress = options.flag('quiet') ? SILENT : openProgress(total);
      let before = 0;
      for (const queue of queues) {
        const result = dryRun
          ? { removed: await countQueued(db, queue), canceled: 0 }
          : await emptyQueue(db, queue, { progress, before });
        before += result.removed;
        progress.end();
        if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'emptied', queue, ...result, dry_run: dryRun }));
        else print(escapeUnprintable(sentence(queue, result, dryRun)));
      }
      if (queues.length === 0 && !options.flag('json')) print('there are no queues');
      return 0;
    },
    { writes: true },
  );
}

async function emptyQueue(db: Db, queue: string, { progress, before }: { progress: ProgressLine; before: number }) {
  const sum = { removed: 0, canceled: 0 };
  for await (const step of empty(db, queue)) {
    sum.removed += step.removed;
    sum.canceled += step.canceled;
    progress.update(before + sum.removed);
  }
  return sum;
}

/** RQ's own sentence (rq/cli/cli.py), and what rqt adds to it. */
function sentence(queue: string, { removed, canceled }: { removed: number; canceled: number }, dryRun: boolean): string {
  const jobs = `${removed} ${removed === 1 ? 'job' : 'jobs'}`;
  if (dryRun) return `${jobs} would be removed from ${queue} queue`;
  const children = canceled > 0 ? `, ${canceled} deferred on them canceled` : '';
  return `${jobs} removed from ${queue} queue${children}`;
}

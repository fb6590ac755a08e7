import type { Command, CommandLine } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseQueueName } from '../parse/names.ts';
import { queueNames, suspend } from '../store/index.ts';
import { formatDuration } from '../view/duration.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from './shared/io.ts';
import { unknownName } from './shared/unknown.ts';

export const command: Command = {
  name: 'suspend',
  synopsis: '[queues…]',
  summary: 'start no new jobs, of queues or at all',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    {
      name: 'duration',
      type: 'string',
      value: 'DURATION',
      describe: 'for so long only, such as 10m (default: until rqt resume)',
    },
    { name: 'json', type: 'boolean', describe: 'one JSON document per queue, or one for all workers' },
    QUIET_OPTION,
  ],
  epilogue: 'Without queues all workers are suspended, those of RQ too; with queues only workers of rqt. Running jobs go on.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const queues = [...new Set(words.map(parseQueueName))];
  const durationMs = readDuration(options.text('duration'));
  return withStore(
    options,
    async db => {
      const suspended = await suspend(db, queues, durationMs);
      if (suspended.kind === 'unknown')
        throw new RqtError('missing', unknownName('queue', suspended.queue, await queueNames(db)));
      for (const [i, already] of suspended.already.entries()) {
        const queue = queues[i] ?? null;
        const seconds = durationMs === null ? null : durationMs / 1000;
        if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'suspended', queue, changed: !already, seconds }));
        else print(sentence(queue, durationMs, already));
      }
      return 0;
    },
    { writes: true },
  );
}

function readDuration(text: string | undefined): number | null {
  return text === undefined ? null : parseDuration(text, '--duration', { allowZero: false, allowNone: false });
}

function sentence(queue: string | null, durationMs: number | null, already: boolean): string {
  const what = queue === null ? 'all workers are' : `queue ${queue} is`;
  const until =
    durationMs === null ? `until rqt resume${queue === null ? '' : ` ${queue}`}` : `for ${formatDuration(durationMs)}`;
  return `${what} suspended ${until}${already ? ' (it was already: this takes the place of that)' : '; running jobs go on'}`;
}

import type { Command, CommandLine } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseQueueName } from '../parse/names.ts';
import { queueNames, resume } from '../store/index.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { unknownName } from './shared/unknown.ts';

export const command: Command = {
  name: 'resume',
  synopsis: '[queues…]',
  summary: 'start jobs again that suspend held back',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document per queue, or one for all workers' }, QUIET_OPTION],
  epilogue: 'Without queues all workers are resumed; queues that were suspended by name stay so until they are named.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const quiet = heedQuiet(options);
  const queues = [...new Set(words.map(parseQueueName))];
  return withStore(
    options,
    async db => {
      const resumed = await resume(db, queues);
      if (resumed.kind === 'unknown') throw new RqtError('missing', unknownName('queue', resumed.queue, await queueNames(db)));
      for (const [i, was] of resumed.was.entries()) {
        const queue = queues[i] ?? null;
        if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'resumed', queue, changed: was }));
        else print(sentence(queue, was));
      }
      if (resumed.still.length > 0 && !quiet) say(noteOf(resumed.still));
      return 0;
    },
    { writes: true },
  );
}

function sentence(queue: string | null, was: boolean): string {
  if (queue === null) return was ? 'all workers are resumed' : 'workers were not suspended';
  return was ? `queue ${queue} is resumed` : `queue ${queue} was not suspended`;
}

function noteOf(still: readonly string[]): string {
  if (still[0] === '') return 'rqt: all workers are suspended still: rqt resume';
  const are = still.length === 1 ? `queue ${still[0]} is` : `queues ${still.join(', ')} are`;
  return `rqt: ${are} suspended still: rqt resume ${still.join(' ')}`;
}

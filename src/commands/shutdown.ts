import type { Command, CommandLine } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseWorkerName } from '../parse/names.ts';
import { shutdown, workerNames } from '../store/index.ts';
import { refuseBoth } from './shared/exclude.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from './shared/io.ts';
import { tellWorkers } from './shared/tell-worker.ts';

export const command: Command = {
  name: 'shutdown',
  synopsis: '<worker…> | --all',
  summary: 'ask workers to end after their running jobs',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    { name: 'all', alias: 'a', type: 'boolean', describe: 'all workers' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per worker' },
    QUIET_OPTION,
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const all = options.flag('all');
  refuseBoth(words, 'names of workers', options, ['all']);
  if (!all && words.length === 0)
    throw new RqtError('usage', 'name the workers to shut down, or give --all for all of them (see them: rqt info -W)');
  const named = [...new Set(words.map(parseWorkerName))];
  const json = options.flag('json');
  return withStore(
    options,
    async db => {
      const workers = all ? await workerNames(db) : named;
      if (workers.length === 0 && !json) print('there are no workers');
      const sentence = (worker: string) => `worker ${worker} ends after its running job`;
      return tellWorkers(db, { workers, tell: shutdown, kind: 'shutdown', json, sentence });
    },
    { writes: true },
  );
}

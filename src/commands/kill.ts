import type { Command, CommandLine } from '../command.ts';
import { parseWorkerName } from '../parse/names.ts';
import { kill } from '../store/index.ts';
import { heedQuiet, QUIET_OPTION, withStore } from './shared/io.ts';
import { tellWorkers } from './shared/tell-worker.ts';

export const command: Command = {
  name: 'kill',
  synopsis: '<worker…>',
  summary: 'kill what workers run now; the workers go on',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document per worker' }, QUIET_OPTION],
  epilogue:
    'The running job fails at once, without a grace period, and its retries apply (rqt stop ends a job for good). Exit status: 1 it runs nothing, 66 no such worker.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const workers = [...new Set(words.map(parseWorkerName))];
  const sentence = (worker: string, jobId: string | null) =>
    `worker ${worker} kills ${jobId === null ? 'its running job' : `job ${jobId}`}`;
  return withStore(
    options,
    db => tellWorkers(db, { workers, tell: kill, kind: 'killed', json: options.flag('json'), sentence }),
    { writes: true },
  );
}

import type { Command } from '../command.ts';
import { command as worker } from './worker.ts';

/** What RQ's users type for `rqt worker -j N`: here `-n` is the number of workers, as in `rq worker-pool`. */
export const command: Command = {
  ...worker,
  name: 'worker-pool',
  isAlias: true,
  summary: 'rqt worker -j N, as rq worker-pool',
  options: worker.options.map(option => {
    if (option.name === 'num-workers') return { ...option, alias: 'n', describe: 'how many workers (default: 1)' };
    if (option.name !== 'name') return option;
    const { alias: _, ...withoutAlias } = option;
    return withoutAlias;
  }),
};

import type { Command, CommandLine } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { parseCronName } from '../../parse/names.ts';
import { removeCron } from '../../store/cron/index.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from '../shared/io.ts';
import { unknownEntry } from './unknown-entry.ts';

export const remove: Command = {
  name: 'remove',
  synopsis: 'NAME…',
  summary: 'remove entries; the jobs that they made stay',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [QUIET_OPTION, { name: 'json', type: 'boolean', describe: 'one JSON document per entry' }],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const names = [...new Set(words.map(parseCronName))];
  return withStore(options, async db => {
    const unknown = await removeCron(db, names);
    if (unknown !== null)
      throw new RqtError('missing', `${await unknownEntry(db, unknown)}${names.length > 1 ? '; nothing was removed' : ''}`);
    for (const name of names) {
      if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'cron_removed', name }));
      else print(`${name} removed; the jobs that it made stay`);
    }
    return 0;
  });
}

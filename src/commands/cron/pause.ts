import type { Command, CommandLine } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { parseCronName } from '../../parse/names.ts';
import { pauseCron } from '../../store/cron/index.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from '../shared/io.ts';
import { unknownEntry } from './unknown-entry.ts';

export const pause: Command = {
  name: 'pause',
  synopsis: 'NAME…',
  summary: 'let entries fire no more slots until they are resumed',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [QUIET_OPTION, { name: 'json', type: 'boolean', describe: 'one JSON document per entry' }],
  epilogue: 'Slots that come while an entry is paused are gone; they are neither missed nor caught up with.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const names = [...new Set(words.map(parseCronName))];
  return withStore(options, async db => {
    const paused = await pauseCron(db, names);
    if (paused.kind !== 'paused')
      throw new RqtError('missing', `${await unknownEntry(db, paused.name)}${names.length > 1 ? '; nothing was paused' : ''}`);
    for (const [i, name] of names.entries()) {
      const already = paused.already[i] === true;
      if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'cron_paused', name, changed: !already }));
      else print(`${name} is paused until rqt cron resume ${name}${already ? ' (it was already)' : ''}`);
    }
    return 0;
  });
}

import type { Command, CommandLine } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { parseCronName } from '../../parse/names.ts';
import { cronEntries, runCron } from '../../store/cron/index.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from '../shared/io.ts';
import { newJobId } from '../shared/new-job-id.ts';
import { unknownEntry } from './unknown-entry.ts';

export const run: Command = {
  name: 'run',
  synopsis: 'NAME',
  summary: "enqueue an entry's job now; prints its id",
  words: { min: 1, max: 1 },
  outlivesReader: true,
  options: [QUIET_OPTION, { name: 'json', type: 'boolean', describe: 'one JSON document instead of the id' }],
  epilogue: 'Paused or not; its slots stay as they are.',
  run: runNow,
};

async function runNow({ words: [word = ''], options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const name = parseCronName(word);
  const { ownFields } = await import('../../cron-slots.ts');
  return withStore(options, async db => {
    const [entry] = (await cronEntries(db, [name])).entries;
    if (!entry) throw new RqtError('missing', await unknownEntry(db, name));
    const id = `cron-${name}-${newJobId()}`;
    const { kind, queue } = await runCron(db, { name, id, retry: entry.retry, more: ownFields(entry.retry) });
    if (kind === 'unknown') throw new RqtError('missing', await unknownEntry(db, name));
    if (kind !== 'enqueued')
      throw new RqtError('tryAgain', `cron entry ${name} was changed meanwhile: nothing was enqueued; try again`);
    if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'cron_ran', name, id, queue }));
    else print(id);
    return 0;
  });
}

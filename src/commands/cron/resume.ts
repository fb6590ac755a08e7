import type { Command, CommandLine } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { parseCronName } from '../../parse/names.ts';
import { cronEntries, resumeCron } from '../../store/cron/index.ts';
import { formatDuration } from '../../view/duration.ts';
import { formatTime } from '../../view/time.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from '../shared/io.ts';
import { refuseUnknownEntries, unknownEntry } from './unknown-entry.ts';

export const resume: Command = {
  name: 'resume',
  synopsis: 'NAME…',
  summary: 'let paused entries go on with their next slot',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [QUIET_OPTION, { name: 'json', type: 'boolean', describe: 'one JSON document per entry' }],
  epilogue: 'Slots that came while an entry was paused are gone, whatever its --catch-up.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const names = [...new Set(words.map(parseCronName))];
  const { parseTimetable } = await import('../../parse/timetable.ts');
  return withStore(options, async db => {
    const { now, entries } = await cronEntries(db, names);
    await refuseUnknownEntries(db, names, entries);
    const going = entries.map(({ name, expression, zone }) => {
      const nextSlot = parseTimetable(expression, zone).nextAfter(now) ?? Number.POSITIVE_INFINITY;
      return { name, expression, zone, nextSlot };
    });
    const paused = await resumeCron(db, going);
    if (paused.kind === 'unknown')
      throw new RqtError('missing', `${await unknownEntry(db, paused.name)}${names.length > 1 ? '; nothing was resumed' : ''}`);
    if (paused.kind !== 'paused')
      throw new RqtError('tryAgain', `cron entry ${paused.name} was changed meanwhile: nothing was resumed; try again`);
    for (const [i, { name, nextSlot, zone }] of going.entries()) {
      const already = paused.already[i] === true;
      if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'cron_resumed', name, changed: !already }));
      else if (already) print(`${name} was not paused`);
      else
        print(
          `${name} goes on; next slot ${formatTime(nextSlot, { timeZone: zone })} ${zone} (in ${formatDuration(nextSlot - now)})`,
        );
    }
    return 0;
  });
}

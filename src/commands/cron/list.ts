import type { Command, CommandLine } from '../../command.ts';
import { parseCronName } from '../../parse/names.ts';
import { cronEntries } from '../../store/cron/index.ts';
import { refuseTwoOutputs } from '../shared/exclude.ts';
import { print, say, withStore } from '../shared/io.ts';
import { refuseUnknownEntries } from './unknown-entry.ts';

export const list: Command = {
  name: 'list',
  synopsis: '[NAME…]',
  summary: 'list entries: next and last slot, last outcome',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    { name: 'crontab', type: 'boolean', describe: 'as a file for rqt cron apply' },
    { name: 'json', type: 'boolean', describe: 'JSON lines' },
  ],
  epilogue:
    "Times are local to an entry's zone. The outcome is the state of its last job; gone: it was kept for a limited time only.",
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const names = [...new Set(words.map(parseCronName))];
  refuseTwoOutputs(options, 'crontab', 'json');
  return withStore(options, async db => {
    const { now, entries } = await cronEntries(db, names.length > 0 ? names : undefined);
    await refuseUnknownEntries(db, names, entries);
    if (options.flag('crontab')) {
      const { crontabOf } = await import('../../view/crontab.ts');
      print(crontabOf(entries));
    } else if (options.flag('json')) {
      const [{ cronLine }, { safeJson }] = await Promise.all([import('../../view/cron-json.ts'), import('../../view/safe.ts')]);
      if (entries.length > 0) print(entries.map(entry => safeJson(cronLine(entry, now))).join('\n'));
    } else if (entries.length === 0) {
      say("there are no cron entries (add one: rqt cron add NAME '*/5 * * * *' module#fn)");
    } else {
      const [{ renderCron }, { lookOf }] = await Promise.all([import('../../view/cron.ts'), import('../../view/look.ts')]);
      print(renderCron(entries, now, lookOf(process.stdout, process.env, now)));
    }
    return 0;
  });
}

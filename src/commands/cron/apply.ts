import { readFileSync } from 'node:fs';
import type { Command, CommandLine } from '../../command.ts';
import type { CronEntry } from '../../cron-entry.ts';
import { RqtError } from '../../errors.ts';
import { escapeUnprintable, quote } from '../../parse/quote.ts';
import { type CronDefinition, cronEntries, type PutOutcome, putCron } from '../../store/cron/index.ts';
import { plural } from '../../view/count.ts';
import { safeJson, safeLine } from '../../view/safe.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from '../shared/io.ts';
import { changesOf } from './changes.ts';

export const apply: Command = {
  name: 'apply',
  synopsis: 'FILE',
  summary: 'make the entries what a file says, all of them',
  words: { min: 1, max: 1 },
  outlivesReader: true,
  options: [
    { name: 'dry-run', type: 'boolean', describe: 'only tell what would change' },
    { name: 'allow-empty', type: 'boolean', describe: 'a file without entries removes them all (else it is refused)' },
    QUIET_OPTION,
    { name: 'json', type: 'boolean', describe: 'one JSON document per entry' },
  ],
  epilogue: [
    'FILE (-: stdin) has a line per entry, as for rqt cron add, quoted as in a shell; comments (#); TZ=ZONE for the lines below it:',
    '  nightly  30 2 * * *  report#nightly --queue reports',
    'It is the whole wanted state: entries that are not in it are removed. All of it is done in one step, or nothing.',
    'It prints + for what is added, - removed, ~ changed and = unchanged. Unchanged entries keep their next and last slot.',
  ].join('\n'),
  run,
};

async function run({ words: [path = ''], options }: CommandLine): Promise<number> {
  const isQuiet = heedQuiet(options);
  const text = readText(path);
  const { readFileEntries } = await import('./file.ts');
  const where = path === '-' ? 'standard input' : path;
  // What is wrong is told before Redis is asked for the time.
  const wanted = await readFileEntries(text, where, Date.now());
  if (wanted.length === 0 && !options.flag('allow-empty')) {
    throw new RqtError('data', `${escapeUnprintable(where)} has no entries; to remove all that there are, say --allow-empty`);
  }
  return withStore(options, async db => {
    const { now, entries } = await cronEntries(db);
    const definitions = await readFileEntries(text, where, now);
    const isDry = options.flag('dry-run');
    const put = await putCron(db, isDry ? 'plan' : 'apply', definitions);
    if (put.kind !== 'put') throw new Error(`apply found ${put.name} in its way`);
    if (!isQuiet) {
      const show = options.flag('json') ? documentOf : lineOf;
      for (const [name, outcome] of put.outcomes) {
        const wanted = definitions.find(definition => definition.name === name);
        print(show({ name, outcome, wanted, before: entries.find(entry => entry.name === name), isDry }));
      }
      say(summaryOf(put.outcomes, isDry));
    }
    return 0;
  });
}

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path === '-' ? 0 : path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new RqtError('data', `${escapeUnprintable(path)} is not UTF-8`, { cause });
    throw new RqtError('missing', `file ${quote(path)} ${PROBLEMS[code] ?? `cannot be read (${code})`}`, { cause });
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'cannot be read: permission denied',
};

interface Change {
  readonly name: string;
  readonly outcome: PutOutcome;
  readonly wanted: CronDefinition | undefined;
  readonly before: CronEntry | undefined;
  readonly isDry: boolean;
}

const SIGNS = { added: '+', removed: '-', changed: '~', same: '=' } as const;

function lineOf({ name, outcome, wanted, before }: Change): string {
  const shown = wanted ?? before;
  const changes = outcome === 'changed' && wanted && before ? changesOf(before, wanted) : [];
  const what =
    changes.length > 0
      ? changes.map(({ what, from, to }) => `${what} ${from === '' ? '(none)' : from} -> ${to === '' ? '(none)' : to}`).join(', ')
      : shown
        ? `${shown.expression}  ${shown.zone}  ${shown.description}`
        : '';
  return `${SIGNS[outcome]} ${name}  ${safeLine(what)}`.trimEnd();
}

function documentOf({ name, outcome, wanted, before, isDry }: Change): string {
  const changes = outcome === 'changed' && wanted && before ? changesOf(before, wanted) : [];
  const told = outcome === 'same' ? 'unchanged' : outcome;
  return safeJson({ version: 1, kind: 'cron_applied', name, outcome: told, changes, dry_run: isDry });
}

function summaryOf(outcomes: readonly (readonly [string, PutOutcome])[], isDry: boolean): string {
  const count = (wanted: PutOutcome) => outcomes.filter(([, outcome]) => outcome === wanted).length;
  const counts = `${count('added')} added, ${count('removed')} removed, ${count('changed')} changed, ${count('same')} unchanged`;
  return `${plural(outcomes.length, 'entry', 'entries')}: ${counts}${isDry ? ' (dry run: nothing was done)' : ''}`;
}

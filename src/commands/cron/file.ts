import { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { readArgv } from '../../parse/argv.ts';
import { type CrontabLine, parseCrontab } from '../../parse/crontab.ts';
import { nearest } from '../../parse/nearest.ts';
import { quote } from '../../parse/quote.ts';
import type { CronDefinition } from '../../store/cron/index.ts';
import { readDefinition } from './definition.ts';
import { ENTRY_OPTIONS } from './options.ts';

/** The entries of a file. `where` names it, `now` is Redis's clock. @throws RqtError `data` that begins with file and line. */
export async function readFileEntries(text: string, where: string, now: number): Promise<CronDefinition[]> {
  const definitions: CronDefinition[] = [];
  for (const line of parseCrontab(text, where)) definitions.push(await readLine(line, now));
  return definitions;
}

async function readLine(line: CrontabLine, now: number): Promise<CronDefinition> {
  try {
    const reading = readArgv(line.words, ENTRY_OPTIONS);
    if (!reading) throw new RqtError('data', findFlaw(line.words));
    const written = { ...line, words: reading.positionals, options: new Options(reading.options) };
    return await readDefinition(written, now, line.zone);
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
    throw new RqtError('data', `${line.where}: ${error.message}`, { cause: error });
  }
}

/** What is wrong with flags that cannot be read. */
function findFlaw(words: readonly string[]): string {
  for (const [i, word] of words.entries()) {
    const [, dashes = '', name = '', equals] = /^(--?)([^=]+)(=.*)?$/.exec(word) ?? [];
    if (dashes === '' || /^-\d/.test(word)) continue;
    const spec = ENTRY_OPTIONS.find(option => (dashes === '--' ? option.name === name : option.alias === name[0]));
    if (!spec) {
      const near = nearest(
        name,
        ENTRY_OPTIONS.map(option => option.name),
      );
      return `an entry has no flag ${quote(dashes + name)}${near ? `; did you mean --${near}?` : ''} (see rqt cron add --help)`;
    }
    if (spec.type === 'boolean' && equals !== undefined) return `--${spec.name} takes no value`;
    const needs = spec.type !== 'boolean' && equals === undefined && (dashes === '--' || name.length === 1);
    if (needs && (words[i + 1] === undefined || /^-[^\d]/.test(words[i + 1] ?? '')))
      return `--${spec.name} needs a value: --${spec.name} ${spec.value ?? 'VALUE'}`;
    if (spec.type === 'string' && words.indexOf(word) !== words.lastIndexOf(word))
      return `--${spec.name} is given twice; give it once`;
  }
  return 'its flags cannot be read (see rqt cron add --help)';
}

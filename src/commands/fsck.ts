import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { parseDuration } from '../parse/duration.ts';
import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';
import type { Db } from '../store/index.ts';
import { print, say, withStore } from './shared/io.ts';
import { writePaced } from './shared/paced.ts';
import { openProgress } from './shared/progress.ts';

const DEFAULT_GRACE = '60s';

export const command: Command = {
  name: 'fsck',
  synopsis: '',
  summary: 'find and mend damage in Redis',
  words: { min: 0, max: 0 },
  outlivesReader: true,
  options: [
    { name: 'fix', type: 'boolean', describe: 'mend what is found; without it nothing is written' },
    { name: 'only', type: 'list', value: 'KIND', describe: 'only these kinds: a comma list, or repeated (see README)' },
    {
      name: 'grace',
      type: 'string',
      value: 'DURATION',
      describe: `how long what workers of Python's RQ do in several steps may take (default: ${DEFAULT_GRACE})`,
    },
    { name: 'json', type: 'boolean', describe: 'JSON lines: one per finding, then one that sums up' },
  ],
  epilogue: 'Workers may go on working meanwhile. 0: all is well, or was mended; 1: something was found, or could not be mended.',
  run,
};

async function run({ options }: CommandLine): Promise<number> {
  const [{ fsck, KINDS }, { FsckReport }, { safeJson }, { lookOf }] = await Promise.all([
    import('../store/fsck/index.ts'),
    import('../view/fsck.ts'),
    import('../view/safe.ts'),
    import('../view/look.ts'),
  ]);
  const fix = options.flag('fix');
  const json = options.flag('json');
  const graceMs = readGrace(options);
  const only = readKinds(options.list('only'), Object.keys(KINDS));
  const work = async (db: Db) => {
    const progress = openProgress(null);
    const report = new FsckReport(fix);
    for await (const event of fsck(db, { fix, graceMs, isWanted: kind => only.includes(kind) })) {
      if (event.kind === 'looked') {
        report.looked = Math.max(report.looked, event.count);
        progress.update(event.count);
      } else if (event.kind === 'waiting') {
        progress.end();
        say(report.waiting(event));
      } else {
        report.add(event);
        if (json) await writePaced(process.stdout, `${safeJson(report.line(event))}\n`);
      }
    }
    progress.end();
    print(json ? safeJson(report.summary()) : report.render(lookOf(process.stdout, process.env, Date.now())));
    return report.isWell ? 0 : EXIT_STATUS.no;
  };
  return withStore(options, work, { wantsWrongTypes: true });
}

function readGrace(options: Options): number {
  return parseDuration(options.text('grace') ?? DEFAULT_GRACE, '--grace', { allowNone: false, wholeSeconds: false }) ?? 0;
}

function readKinds(values: readonly string[], known: readonly string[]): readonly string[] {
  const named = values.flatMap(value => value.split(',')).map(name => name.trim());
  const unknown = named.find(name => !known.includes(name));
  if (unknown === undefined) return named.length === 0 ? known : named;
  const near = nearest(unknown, known);
  const hint = near === null ? `it is one of ${known.join(', ')}` : `did you mean ${near}? (all: ${known.join(', ')})`;
  throw new RqtError('usage', `--only ${quote(unknown)} is no kind of damage; ${hint}`);
}

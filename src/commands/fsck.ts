import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { parseDuration } from '../parse/duration.ts';
import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';
import type { Db } from '../store/index.ts';
import type { FsckFound, FsckReport } from '../view/fsck.ts';
import { type Halt, inSteps, interrupted } from './shared/in-steps.ts';
import { print, say, withStore } from './shared/io.ts';
import { writePaced } from './shared/paced.ts';
import { openProgress, type ProgressLine } from './shared/progress.ts';

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
  const [{ fsck, KINDS }, { FsckReport }] = await Promise.all([import('../store/fsck/index.ts'), import('../view/fsck.ts')]);
  const fix = options.flag('fix');
  const graceMs = readGrace(options);
  const only = readKinds(options.list('only'), Object.keys(KINDS));
  const report = new FsckReport(fix);
  const tell = await tellerOf(report, options.flag('json'));
  const work = async (db: Db, halt: Halt, progress: ProgressLine) => {
    const stopped = new AbortController();
    void halt.asked.then(() => stopped.abort());
    for await (const event of fsck(db, { fix, graceMs, isWanted: kind => only.includes(kind), signal: stopped.signal })) {
      if (event.kind === 'looked') {
        report.looked = Math.max(report.looked, event.count);
        progress.update(event.count);
        continue;
      }
      progress.end();
      if (event.kind === 'waiting') say(report.waiting(event));
      else await tell.found(event);
    }
    progress.end();
    if (halt.signal) {
      tell.unfinished();
      return interrupted(halt.signal, report.reached());
    }
    tell.all();
    return report.isWell ? 0 : EXIT_STATUS.no;
  };
  const untilLost = (db: Db) => inSteps((halt, progress) => work(db, halt, progress), openProgress(null));
  return withStore(options, db => untilLost(db).catch(tell.failed), { wantsWrongTypes: true, ifLost: () => report.reached() });
}

/** Tells on stdout what is found: JSON lines as it comes, or all of it at the end, whatever that is. */
async function tellerOf(report: FsckReport, json: boolean) {
  const [{ safeJson }, { lookOf }] = await Promise.all([import('../view/safe.ts'), import('../view/look.ts')]);
  const look = () => lookOf(process.stdout, process.env, Date.now());
  const unfinished = () => {
    const text = report.renderUnfinished(look());
    if (!json && text !== '') print(text);
  };
  return {
    async found(found: FsckFound) {
      report.add(found);
      if (json) await writePaced(process.stdout, `${safeJson(report.line(found))}\n`);
    },
    all: () => print(json ? safeJson(report.summary()) : report.render(look())),
    unfinished,
    failed(error: unknown): never {
      unfinished();
      throw error;
    },
  };
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

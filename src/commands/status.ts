import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import type { JobDetails, JobTree } from '../model.ts';
import { parseJobId } from '../parse/names.ts';
import { type Db, details, jobTree } from '../store/index.ts';
import { print, readStore, say } from './shared/io.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'status',
  synopsis: '<id…>',
  summary: 'show what became of jobs',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  options: [
    { name: 'tree', type: 'boolean', describe: 'what they depend on, and what depends on them' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per job' },
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const ids = words.map(parseJobId);
  const json = options.flag('json');
  const show = options.flag('tree') ? await treeShower(json) : await statusShower(json);
  return readStore(options, async db => {
    let worst = 0;
    let separator = '';
    for (const id of ids) {
      const shown = await show(db, id);
      if (shown !== null) {
        print(separator + shown);
        separator = json ? '' : '\n';
      } else {
        say(`rqt: ${unknownJob(id)}`);
        worst = EXIT_STATUS.missing;
      }
    }
    return worst;
  });
}

/** A job as text; null when there is none. */
type Show = (db: Db, id: string) => Promise<string | null>;

function shower<T>(read: (db: Db, id: string) => Promise<T | null>, render: (found: T) => string): Show {
  return async (db, id) => {
    const found = await read(db, id);
    return found === null ? null : render(found);
  };
}

async function statusShower(json: boolean): Promise<Show> {
  if (json) {
    const [{ statusDocument }, { safeJson }] = await Promise.all([import('../view/status-json.ts'), import('../view/safe.ts')]);
    return shower(details, (job: JobDetails) => safeJson(statusDocument(job)));
  }
  const [{ renderStatus }, look] = await Promise.all([import('../view/status.ts'), lookOfStdout()]);
  return shower(details, (job: JobDetails) => renderStatus(job, look));
}

async function treeShower(json: boolean): Promise<Show> {
  if (json) {
    const [{ treeDocument }, { safeJson }] = await Promise.all([import('../view/tree-json.ts'), import('../view/safe.ts')]);
    return shower(jobTree, (tree: JobTree) => safeJson(treeDocument(tree)));
  }
  const [{ renderTree }, look] = await Promise.all([import('../view/tree.ts'), lookOfStdout()]);
  return shower(jobTree, (tree: JobTree) => renderTree(tree, look));
}

async function lookOfStdout() {
  const { lookOf } = await import('../view/look.ts');
  return lookOf(process.stdout, process.env, Date.now());
}

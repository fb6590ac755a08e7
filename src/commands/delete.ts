import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { parseJobId } from '../parse/names.ts';
import { type Db, deleteJob } from '../store/index.ts';
import { walkIds } from './shared/each-id.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';

export const command: Command = {
  name: 'delete',
  synopsis: '<id…>',
  summary: 'remove jobs with all they own',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document per job' }, QUIET_OPTION],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const walk = walkIds(words.map(parseJobId));
  const json = options.flag('json');
  return withStore(options, db => walk.run(id => deleteOne(db, id, json)), { writes: true, ifLost: walk.ifLost });
}

/** Deletes one job and tells so; returns its share of the exit status. */
async function deleteOne(db: Db, id: string, json: boolean): Promise<number> {
  const result = await deleteJob(db, id);
  if (json) print(JSON.stringify({ version: 1, kind: 'deleted', id, result: result.kind }));
  switch (result.kind) {
    case 'deleted':
      if (!json) print(`${id} deleted${childrenText(result.childrenCanceled)}`);
      return 0;
    case 'running':
      say(`rqt: job ${id} runs; stop it first: rqt cancel ${id}`);
      return EXIT_STATUS.no;
    case 'missing':
      say(`rqt: there is no job ${id}`);
      return EXIT_STATUS.missing;
  }
}

function childrenText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '; 1 job that waited for it is canceled' : `; ${count} jobs that waited for it are canceled`;
}

import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { parseJobId } from '../parse/names.ts';
import { deleteJob } from '../store/index.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';

export const command: Command = {
  name: 'delete',
  synopsis: '<id…>',
  summary: 'remove jobs with all they own',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document per job' }, QUIET_OPTION],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const ids = words.map(parseJobId);
  const json = options.flag('json');
  return withStore(
    options,
    async db => {
      let worst = 0;
      for (const id of ids) {
        const result = await deleteJob(db, id);
        if (json) print(JSON.stringify({ version: 1, kind: 'deleted', id, result: result.kind }));
        switch (result.kind) {
          case 'deleted':
            if (!json) print(`${id} deleted${childrenText(result.childrenCanceled)}`);
            break;
          case 'running':
            say(`rqt: job ${id} runs; stop it first: rqt cancel ${id}`);
            worst = Math.max(worst, EXIT_STATUS.no);
            break;
          case 'missing':
            say(`rqt: there is no job ${id}`);
            worst = Math.max(worst, EXIT_STATUS.missing);
        }
      }
      return worst;
    },
    { writes: true },
  );
}

function childrenText(count: number): string {
  if (count === 0) return '';
  return count === 1 ? '; 1 job that waited for it is canceled' : `; ${count} jobs that waited for it are canceled`;
}

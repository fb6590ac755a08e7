import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import type { JobDetails } from '../model.ts';
import { parseJobId } from '../parse/names.ts';
import { details } from '../store/index.ts';
import { print, say, withStore } from './io.ts';

export const command: Command = {
  name: 'status',
  synopsis: '<id…>',
  summary: 'show what became of jobs',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document per job' }],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const ids = words.map(parseJobId);
  const render = await rendererFor(options.flag('json'));
  return withStore(options, async db => {
    let worst = 0;
    let separator = '';
    for (const id of ids) {
      const job = await details(db, id);
      if (job) {
        print(separator + render(job));
        separator = options.flag('json') ? '' : '\n';
      } else {
        say(`rqt: there is no job ${id}; its result may have been kept for a limited time only`);
        worst = EXIT_STATUS.missing;
      }
    }
    return worst;
  });
}

async function rendererFor(json: boolean): Promise<(job: JobDetails) => string> {
  if (json) {
    const [{ statusDocument }, { safeJson }] = await Promise.all([import('../view/status-json.ts'), import('../view/safe.ts')]);
    return job => safeJson(statusDocument(job));
  }
  const [{ renderStatus }, { lookOf }] = await Promise.all([import('../view/status.ts'), import('../view/look.ts')]);
  const look = lookOf(process.stdout, process.env, Date.now());
  return job => renderStatus(job, look);
}

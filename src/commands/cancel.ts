import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { parseJobId } from '../parse/names.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import { type Canceled, cancel, type Db, waitUntilStopped } from '../store/index.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'cancel',
  synopsis: '<id…>',
  summary: 'cancel waiting jobs, stop running ones',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    { name: 'no-wait', type: 'boolean', describe: 'do not wait until a running job has stopped' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per id' },
    QUIET_OPTION,
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const ids = words.map(parseJobId);
  return withStore(
    options,
    async db => {
      // All are asked before one is waited for: running jobs stop side by side.
      const asked: { readonly id: string; readonly canceled: Canceled }[] = [];
      for (const id of ids) asked.push({ id, canceled: await cancel(db, id) });
      let worst = 0;
      for (const { id, canceled } of asked) {
        const state = await end(db, { id, canceled, wait: !options.flag('no-wait') });
        if (options.flag('json'))
          print(JSON.stringify({ version: 1, kind: 'canceled', id, state: state.name, changed: state.changed }));
        else if (state.name !== null) print(escapeUnprintable(state.text));
        if (state.name === null) {
          say(`rqt: ${unknownJob(id)}`);
          worst = EXIT_STATUS.missing;
        }
      }
      return worst;
    },
    { writes: true },
  );
}

/** What became of a job: its state's name (null: there is none), and a line for a person. */
interface End {
  readonly name: string | null;
  readonly changed: boolean;
  readonly text: string;
}

interface Asked {
  readonly id: string;
  readonly canceled: Canceled;
  readonly wait: boolean;
}

async function end(db: Db, { id, canceled, wait }: Asked): Promise<End> {
  switch (canceled.kind) {
    case 'missing':
      return { name: null, changed: false, text: '' };
    case 'canceled':
      return { name: 'canceled', changed: true, text: `${id} canceled` };
    case 'stopped':
      return { name: 'stopped', changed: true, text: `${id} stopped (its worker had died)` };
    case 'ended':
      return { name: canceled.state, changed: false, text: `${id} was ${canceled.state} already; it stays as it is` };
    case 'stopping': {
      if (!wait) return { name: 'stopping', changed: true, text: `${id} is being stopped by worker ${canceled.worker}` };
      const state = (await waitUntilStopped(db, id, canceled)) ?? 'gone';
      const stopped = state === 'stopped' || state === 'canceled';
      return { name: state, changed: stopped, text: stopped ? `${id} ${state}` : `${id} ${state} before it could be stopped` };
    }
  }
}

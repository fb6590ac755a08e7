import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { parseJobId } from '../parse/names.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import { type Canceled, cancel, type Db } from '../store/index.ts';
import { type Halt, inSteps } from './shared/in-steps.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { followStop, leaveStops, type Patience } from './shared/stopping.ts';
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
  return withStore(options, db => inSteps(halt => cancelAll(db, ids, options, halt)), { writes: true });
}

async function cancelAll(db: Db, ids: readonly string[], options: Options, halt: Halt): Promise<number> {
  // All are asked before one is waited for: running jobs stop side by side.
  const asked: { readonly id: string; readonly canceled: Canceled }[] = [];
  for (const id of ids) if (!halt.signal) asked.push({ id, canceled: await cancel(db, id) });
  const patience = { waits: !options.flag('no-wait'), tells: !options.flag('json') && !options.flag('quiet'), halt };
  const stopping: string[] = [];
  let worst = 0;
  for (const { id, canceled } of asked) {
    const state = await end(db, id, canceled, patience);
    if (options.flag('json'))
      print(JSON.stringify({ version: 1, kind: 'canceled', id, state: state.name, changed: state.changed }));
    else if (state.name !== null) print(escapeUnprintable(state.text));
    if (state.name === 'stopping' && patience.waits) stopping.push(id);
    if (state.name === null) {
      say(`rqt: ${unknownJob(id)}`);
      worst = EXIT_STATUS.missing;
    }
  }
  const isAll = asked.length === ids.length && stopping.length === 0;
  return halt.signal && !isAll ? leaveStops(halt.signal, { stopping, done: asked.length, total: ids.length }) : worst;
}

/** What became of a job: its state's name (null: there is none), and a line for a person. */
interface End {
  readonly name: string | null;
  readonly changed: boolean;
  readonly text: string;
}

async function end(db: Db, id: string, canceled: Canceled, patience: Patience): Promise<End> {
  switch (canceled.kind) {
    case 'missing':
      return { name: null, changed: false, text: '' };
    case 'canceled':
      return { name: 'canceled', changed: true, text: `${id} canceled` };
    case 'stopped':
      return stoppedWithoutWorker(id);
    case 'ended':
      return { name: canceled.state, changed: false, text: `${id} was ${canceled.state} already; it stays as it is` };
    case 'stopping': {
      const ended = await followStop(db, id, canceled, patience);
      if (ended.kind === 'asked')
        return { name: 'stopping', changed: true, text: `${id} is being stopped by worker ${canceled.worker}` };
      if (ended.hadDied) return stoppedWithoutWorker(id);
      const state = ended.state ?? 'gone';
      const stopped = state === 'stopped' || state === 'canceled';
      return { name: state, changed: stopped, text: stopped ? `${id} ${state}` : `${id} ${state} before it could be stopped` };
    }
  }
}

function stoppedWithoutWorker(id: string): End {
  return { name: 'stopped', changed: true, text: `${id} stopped (its worker had died)` };
}

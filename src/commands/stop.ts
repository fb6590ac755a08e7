import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { parseJobId } from '../parse/names.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import { type Db, type Stopped, stop } from '../store/index.ts';
import { type Halt, inSteps } from './shared/in-steps.ts';
import { heedQuiet, print, QUIET_OPTION, say, withStore } from './shared/io.ts';
import { followStop, leaveStops, type Patience } from './shared/stopping.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'stop',
  synopsis: '<id…>',
  summary: 'stop running jobs; waiting ones are left alone',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  outlivesReader: true,
  options: [
    { name: 'no-wait', type: 'boolean', describe: 'do not wait until a job has stopped' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per id' },
    QUIET_OPTION,
  ],
  epilogue: 'A stopped job is not tried again, whatever its retries. Exit status: 0 stopped, 1 it did not run, 66 no such job.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  heedQuiet(options);
  const ids = [...new Set(words.map(parseJobId))];
  return withStore(options, db => inSteps(halt => stopAll(db, ids, options, halt)), { writes: true });
}

async function stopAll(db: Db, ids: readonly string[], options: Options, halt: Halt): Promise<number> {
  // All are asked before one is waited for: they stop side by side.
  const asked: { readonly id: string; readonly stopped: Stopped }[] = [];
  for (const id of ids) if (!halt.signal) asked.push({ id, stopped: await stop(db, id) });
  const patience = { waits: !options.flag('no-wait'), tells: !options.flag('json') && !options.flag('quiet'), halt };
  const stopping: string[] = [];
  let worst = 0;
  for (const { id, stopped } of asked) {
    const { state, status, text } = await end(db, id, stopped, patience);
    if (options.flag('json')) print(JSON.stringify({ version: 1, kind: 'stopped', id, state, changed: status === 0 }));
    if (status !== 0) say(`rqt: ${escapeUnprintable(text)}`);
    else if (!options.flag('json')) print(escapeUnprintable(text));
    if (state === 'stopping' && patience.waits) stopping.push(id);
    worst = Math.max(worst, status);
  }
  const isAll = asked.length === ids.length && stopping.length === 0;
  return halt.signal && !isAll ? leaveStops(halt.signal, { stopping, done: asked.length, total: ids.length }) : worst;
}

/** What became of a job: its state (null: there is none), the exit status for it, and a line for a person. */
interface End {
  readonly state: string | null;
  readonly status: number;
  readonly text: string;
}

async function end(db: Db, id: string, stopped: Stopped, patience: Patience): Promise<End> {
  switch (stopped.kind) {
    case 'missing':
      return {
        state: null,
        status: EXIT_STATUS.missing,
        text: unknownJob(id),
      };
    case 'idle':
      return {
        state: stopped.state,
        status: EXIT_STATUS.no,
        text: `job ${id} does not run, it is ${stopped.state}${hintFor(id, stopped.state)}`,
      };
    case 'stopped':
      return stoppedWithoutWorker(id);
    case 'stopping': {
      const ended = await followStop(db, id, stopped, patience);
      if (ended.kind === 'asked')
        return { state: 'stopping', status: 0, text: `${id} is being stopped by worker ${stopped.worker}` };
      if (ended.hadDied) return stoppedWithoutWorker(id);
      const { state } = ended;
      if (state === 'stopped') return { state, status: 0, text: `${id} stopped` };
      if (state === null) return { state, status: 0, text: `${id} has ended and was not kept` };
      return { state, status: EXIT_STATUS.no, text: `job ${id} came to its end before it could be stopped: it is ${state}` };
    }
  }
}

function stoppedWithoutWorker(id: string): End {
  return { state: 'stopped', status: 0, text: `${id} stopped (its worker had died)` };
}

const WAITING = ['created', 'queued', 'deferred', 'scheduled'];

function hintFor(id: string, state: string): string {
  return WAITING.includes(state) ? ` (cancel it: rqt cancel ${id})` : '';
}

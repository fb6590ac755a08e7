import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import type { StreamName } from '../model.ts';
import { parseJobId } from '../parse/names.ts';
import { quote } from '../parse/quote.ts';
import { type Db, followOutput, type OutputPiece, readPieces, stateOf } from '../store/index.ts';
import { unlessInterrupted } from './shared/interruption.ts';
import { say, withStore } from './shared/io.ts';
import { openSink } from './shared/log-sinks.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'logs',
  synopsis: '<id>',
  summary: 'print what a job wrote',
  words: { min: 1, max: 1 },
  options: [
    {
      name: 'follow',
      alias: 'f',
      type: 'boolean',
      describe: 'go on, live, until the job has ended; waits for one that was not started',
    },
    { name: 'stream', type: 'string', value: 'stdout|stderr', describe: 'only this one' },
    { name: 'json', type: 'boolean', describe: 'JSON lines on stdout' },
  ],
  epilogue: [
    'Of each stream the first and the last 32 KiB are kept; a line says how much was cut between them. A retried job shows its last attempt.',
    'Into a pipe or file every byte is passed on as it was written; on a terminal nothing but colours gets through.',
  ].join('\n'),
  run,
};

async function run({ words: [word = ''], options }: CommandLine): Promise<number> {
  const id = parseJobId(word);
  const only = readStream(options.text('stream'));
  const sink = await openSink(id, options.flag('json'));
  const tell = async (piece: OutputPiece) => {
    if (only === null || piece.stream === only) await sink.write(piece);
  };
  const isLasting = options.flag('follow');
  return withStore(
    options,
    async db => {
      if ((await stateOf(db, id)) === null) {
        say(`rqt: ${unknownJob(id, 'what it wrote')}`);
        return EXIT_STATUS.missing;
      }
      const work = isLasting ? follow(db, id, tell) : printKept(db, id, tell);
      return unlessInterrupted(work.then(() => sink.end()).then(() => 0));
    },
    { isLasting },
  );
}

type Tell = (piece: OutputPiece) => Promise<void>;

async function printKept(db: Db, id: string, tell: Tell): Promise<void> {
  for (const piece of await readPieces(db, id)) await tell(piece);
}

async function follow(db: Db, id: string, tell: Tell): Promise<void> {
  const pieces = followOutput(db, id);
  let execution: string | null = null;
  for (let next = await pieces.next(); ; next = await pieces.next()) {
    if (next.done) {
      if (next.value === null) say(`rqt: job ${id} is gone: nothing of it was kept, nor the last that it may have written`);
      return;
    }
    const isAgain = execution !== null && next.value.execution !== execution;
    if (isAgain && process.stderr.isTTY) say(`rqt: job ${id} was started again`);
    execution = next.value.execution;
    await tell(next.value);
  }
}

function readStream(text: string | undefined): StreamName | null {
  if (text === undefined || text === 'stdout' || text === 'stderr') return text ?? null;
  throw new RqtError('usage', `--stream ${quote(text)} is no stream of a job; write stdout or stderr`);
}

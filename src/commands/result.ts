import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import { splitError } from '../parse/error-text.ts';
import { parseJobId } from '../parse/names.ts';
import { type JobResult, result } from '../store/index.ts';
import { resultText } from '../view/result.ts';
import { safeLine } from '../view/safe.ts';
import { refuseTwoOutputs } from './shared/exclude.ts';
import { print, readStore, say } from './shared/io.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'result',
  synopsis: '<id>',
  summary: 'print what a finished job returned, as JSON',
  words: { min: 1, max: 1 },
  options: [
    { name: 'raw', type: 'boolean', describe: 'print a returned text as it is, without quotes' },
    { name: 'json', type: 'boolean', describe: 'one JSON document: the state, and the value as `result` when it has finished' },
  ],
  epilogue: [
    'Exit status: 0 finished (null: it returned nothing), 1 failed, stopped or canceled, or its result could not be kept (the reason is on stderr),',
    '75 not finished yet, 66 no such job.',
  ].join('\n'),
  run,
};

async function run({ words: [word = ''], options }: CommandLine): Promise<number> {
  const id = parseJobId(word);
  refuseTwoOutputs(options, 'raw', 'json');
  const found = await readStore(options, db => result(db, id));
  if (options.flag('json') && found.kind !== 'missing') print(documentOf(id, found));
  if (options.flag('json') && found.kind === 'finished') return 0;
  if (found.kind === 'finished') {
    print(resultText(found.json, { raw: options.flag('raw'), forTerminal: process.stdout.isTTY === true }));
    return 0;
  }
  say(`rqt: ${safeLine(explain(id, found))}`);
  return STATUS[found.kind];
}

/** The value goes in as the text that it was kept as: nothing of it is lost on the way. */
function documentOf(id: string, found: Exclude<JobResult, { kind: 'missing' }>): string {
  const state = found.kind === 'unfinished' || found.kind === 'ended' ? found.state : 'finished';
  const head = JSON.stringify({ version: 1, kind: 'result', id, state }).slice(0, -1);
  return `${head},"result":${found.kind === 'finished' ? resultText(found.json, { raw: false, forTerminal: false }) : 'null'}}`;
}

type Failure = Exclude<JobResult, { kind: 'finished' }>;

const STATUS: Readonly<Record<Failure['kind'], number>> = {
  missing: EXIT_STATUS.missing,
  unfinished: EXIT_STATUS.tryAgain,
  absent: EXIT_STATUS.no,
  ended: EXIT_STATUS.no,
};

function explain(id: string, found: Failure): string {
  switch (found.kind) {
    case 'missing':
      return unknownJob(id, 'its result');
    case 'unfinished':
      return `job ${id} is ${found.state}, it has not finished yet (wait for it: rqt wait ${id})`;
    case 'absent':
      return `job ${id} has finished, but its result was not kept: ${found.reason}`;
    case 'ended': {
      const reason = found.error === null ? '' : `: ${splitError(found.error).reason}`;
      return `job ${id} has no result, it is ${found.state}${reason} (all of it: rqt status ${id})`;
    }
  }
}

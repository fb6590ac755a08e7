import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseGroupName, parseJobId } from '../parse/names.ts';
import { type Db, groupMembers, Vigil, type WaitedJob } from '../store/index.ts';
import { safeLine } from '../view/safe.ts';
import { alarm } from './shared/alarm.ts';
import { refuseBoth, wantsQuiet } from './shared/exclude.ts';
import { unlessInterrupted } from './shared/interruption.ts';
import { print, say, withStore } from './shared/io.ts';
import { unknownJob } from './shared/unknown.ts';

export const command: Command = {
  name: 'wait',
  synopsis: '<id…> | --group NAME',
  summary: 'wait until jobs have ended; tells by its exit status how',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    { name: 'group', alias: 'g', type: 'string', value: 'NAME', describe: 'all jobs that this group has now' },
    {
      name: 'timeout',
      alias: 't',
      type: 'string',
      value: 'DURATION',
      describe: 'how long to wait at the most (default: -1, for ever)',
    },
    { name: 'quiet', alias: 'q', type: 'boolean', describe: 'print nothing; not with --json' },
    { name: 'json', type: 'boolean', describe: 'one JSON document per job' },
  ],
  epilogue: [
    'Exit status: 0 all finished, 1 some failed, were stopped or canceled, 75 the time was over first, 66 no such job or group, 130 Ctrl-C.',
    'A job that will be retried or repeated has not ended. One that vanishes counts as finished if it was not to be kept (--result-ttl 0), else it is 66.',
  ].join('\n'),
  outlivesReader: true,
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const ids = [...new Set(words.map(parseJobId))];
  const groupText = options.text('group');
  const group = groupText === undefined ? null : parseGroupName(groupText);
  refuseBoth(words, 'ids of jobs', options, ['group']);
  if (ids.length === 0 && group === null)
    throw new RqtError('usage', 'say what to wait for: rqt wait <id…>, or rqt wait --group NAME');
  const timeoutText = options.text('timeout');
  const timeoutMs = timeoutText === undefined ? null : parseDuration(timeoutText, '--timeout', { wholeSeconds: false });
  const shown = { quiet: wantsQuiet(options), json: options.flag('json') };
  return withStore(options, db => unlessInterrupted(waitFor(db, { ids, group, timeoutMs, shown })), { isLasting: true });
}

interface Shown {
  readonly quiet: boolean;
  readonly json: boolean;
}

interface Wanted {
  readonly ids: readonly string[];
  readonly group: string | null;
  /** null: for ever. */
  readonly timeoutMs: number | null;
  readonly shown: Shown;
}

async function waitFor(db: Db, { ids, group, timeoutMs, shown }: Wanted): Promise<number> {
  const members = group === null ? [] : await groupMembers(db, group);
  if (group !== null && members.length === 0) {
    throw new RqtError('missing', `there is no group ${safeLine(group)}, or its jobs are all gone`);
  }
  const vigil = new Vigil(db, [...ids, ...members]);
  const { ended, missing } = await vigil.begin();
  const unknown = ids.filter(id => missing.includes(id));
  if (unknown.length > 0) {
    throw new RqtError('missing', unknownJobs(unknown));
  }
  for (const job of ended) tellEnd(job, shown);
  return tellEnds(vigil, { timeoutMs, shown, status: Math.max(0, ...ended.map(statusOf)) });
}

function statusOf({ ok }: WaitedJob): number {
  if (ok === null) return EXIT_STATUS.missing;
  return ok ? 0 : EXIT_STATUS.no;
}

const MOST_NAMED = 10;

function unknownJobs(ids: readonly string[]): string {
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
  const named = `${ids.slice(0, MOST_NAMED).join(', ')}${more}`;
  return ids.length === 1 ? unknownJob(named) : `there are no jobs ${named}; they may have been kept for a limited time only`;
}

interface Telling {
  readonly timeoutMs: number | null;
  readonly shown: Shown;
  /** Exit status of those that had ended already. */
  readonly status: number;
}

/** Returns the worst exit status. */
async function tellEnds(vigil: Vigil, { timeoutMs, shown, status: before }: Telling): Promise<number> {
  const timeOver = alarm(timeoutMs);
  const ends = vigil.ends();
  let status = before;
  try {
    for (;;) {
      const next = await Promise.race([ends.next(), timeOver.rings]);
      if (next === 'over') return tellUnfinished(vigil, shown);
      if (next.done) return status;
      status = Math.max(status, statusOf(next.value));
      tellEnd(next.value, shown);
    }
  } finally {
    timeOver.cancel();
  }
}

function tellEnd({ id, state, ok }: WaitedJob, { quiet, json }: Shown): void {
  if (ok === null) say(`rqt: job ${id} is gone: it was deleted, or its time was over; how it ended is not known`);
  if (quiet) return;
  print(json ? JSON.stringify({ version: 1, kind: 'waited_job', id, state, ended: true, ok }) : `${id} ${state}`);
}

function tellUnfinished(vigil: Vigil, { json }: Shown): number {
  const unfinished = vigil.unfinished();
  if (json) {
    for (const { id, state } of unfinished)
      print(JSON.stringify({ version: 1, kind: 'waited_job', id, state, ended: false, ok: null }));
  }
  const named = unfinished.slice(0, MOST_NAMED).map(({ id, state }) => `${id} (${safeLine(state)})`);
  const more = unfinished.length > MOST_NAMED ? ` and ${unfinished.length - MOST_NAMED} more` : '';
  say(`rqt: the time is over; not ended yet: ${named.join(', ')}${more}`);
  return EXIT_STATUS.tryAgain;
}

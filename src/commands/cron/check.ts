import type { Command, CommandLine } from '../../command.ts';
import { type CronEntry, ON_TIME_MS } from '../../cron-entry.ts';
import { EXIT_STATUS } from '../../errors.ts';
import { parseDuration } from '../../parse/duration.ts';
import { parseCronName } from '../../parse/names.ts';
import { cronEntries } from '../../store/cron/index.ts';
import { plural } from '../../view/count.ts';
import { formatDuration } from '../../view/duration.ts';
import { safeJson } from '../../view/safe.ts';
import { formatTime } from '../../view/time.ts';
import { print, withStore } from '../shared/io.ts';
import { refuseUnknownEntries } from './unknown-entry.ts';

const DEFAULT_SINCE = '1d';

export const check: Command = {
  name: 'check',
  synopsis: '[NAME…]',
  summary: 'tell, with exit 1, whether a slot was missed',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    { name: 'since', type: 'string', value: 'DURATION', describe: `how far to look back (default: ${DEFAULT_SINCE})` },
    { name: 'json', type: 'boolean', describe: 'one JSON document per problem' },
  ],
  epilogue: `A slot was missed when it was not fired within ${ON_TIME_MS / 1000} s: it is overdue now, or was fired late or dropped. Silent, with exit 0, when all is well. Paused entries miss nothing.`,
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const names = [...new Set(words.map(parseCronName))];
  const since = parseDuration(options.text('since') ?? DEFAULT_SINCE, '--since', { allowNone: false, wholeSeconds: false }) ?? 0;
  return withStore(options, async db => {
    const { now, entries } = await cronEntries(db, names.length > 0 ? names : undefined);
    await refuseUnknownEntries(db, names, entries);
    const problems = entries.flatMap(entry => problemsOf(entry, now, now - since));
    for (const problem of problems) print(options.flag('json') ? safeJson(documentOf(problem)) : sentenceOf(problem));
    return problems.length > 0 ? EXIT_STATUS.no : 0;
  });
}

/** A slot that was not fired in time. `count`: of slots in a row, at least; `fired`: how many of them were fired late. */
interface Problem {
  readonly entry: CronEntry;
  readonly kind: 'overdue' | 'missed';
  readonly slot: number;
  readonly lateMs: number;
  readonly count: number;
  readonly fired: number;
}

function problemsOf(entry: CronEntry, now: number, since: number): Problem[] {
  const { nextSlot, missed } = entry;
  const problems: Problem[] = [];
  if (nextSlot !== null && now - nextSlot > ON_TIME_MS)
    problems.push({ entry, kind: 'overdue', slot: nextSlot, lateMs: now - nextSlot, count: 1, fired: 0 });
  if (missed !== null && missed.slot >= since) problems.push({ entry, kind: 'missed', lateMs: now - missed.slot, ...missed });
  return problems;
}

function documentOf({ entry: { name }, kind, slot, count, fired, lateMs }: Problem) {
  const at = new Date(slot).toISOString();
  return {
    version: 1,
    kind: 'cron_problem',
    name,
    problem: kind,
    slot: at,
    age_seconds: lateMs / 1000,
    count,
    fired_late: fired,
  };
}

function sentenceOf({ entry: { name, zone }, kind, slot, lateMs, count, fired }: Problem): string {
  const when = `${formatTime(slot, { timeZone: zone })} ${zone}`;
  if (kind === 'overdue') {
    return `${name}: its slot of ${when} is ${formatDuration(lateMs)} overdue; no worker fires it (look: rqt info -W)`;
  }
  const what = count === 1 ? `its slot of ${when} was missed` : `${plural(count, 'slot')} were missed, the last of them ${when}`;
  return `${name}: ${what}; ${fired === 0 ? 'dropped' : fired < count ? `${fired} of them fired late` : 'fired late'}`;
}

import type { Command, CommandLine } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { putCron } from '../../store/cron/index.ts';
import { redisNow } from '../../store/index.ts';
import { formatDuration } from '../../view/duration.ts';
import { formatTime } from '../../view/time.ts';
import { heedQuiet, print, QUIET_OPTION, withStore } from '../shared/io.ts';
import { ENTRY_OPTIONS } from './options.ts';

export const add: Command = {
  name: 'add',
  synopsis: "NAME '*/5 * * * *' <module#fn> [args…] [-- plain words…]",
  summary: 'add an entry; done already is done',
  words: { min: 3, max: Number.POSITIVE_INFINITY },
  takesPlainWords: true,
  outlivesReader: true,
  options: [
    ...ENTRY_OPTIONS,
    { name: 'replace', type: 'boolean', describe: 'replace another entry of this name' },
    QUIET_OPTION,
    { name: 'json', type: 'boolean', describe: 'one JSON document' },
  ],
  epilogue: [
    'Expression: minute hour day month weekday, or with seconds in front; names, ranges, steps, lists, L, W, #; or @hourly, @daily, @weekly, …',
    'Arguments and the flags of its jobs: as for rqt enqueue.',
    "Example:   rqt cron add nightly '30 2 * * MON-FRI' report#nightly --tz Europe/Berlin --queue reports",
  ].join('\n'),
  run,
};

async function run({ words, plainWords, options }: CommandLine): Promise<number> {
  const [name = '', expression = '', ...call] = words;
  const { readDefinition } = await import('./definition.ts');
  const json = options.flag('json');
  heedQuiet(options);
  const ofEntry = options.without('replace', 'quiet', 'json');
  const written = { name, expression, words: call, plainWords, options: ofEntry };
  // What is wrong is told before Redis is asked for the time.
  await readDefinition(written, Date.now());
  return withStore(options, async db => {
    const now = await redisNow(db);
    const definition = await readDefinition(written, now);
    const put = await putCron(db, options.flag('replace') ? 'replace' : 'add', [definition]);
    if (put.kind === 'exists') {
      throw new RqtError(
        'no',
        `cron entry ${name} exists already and is another one; nothing was changed (look: rqt cron list ${name}; change it: --replace)`,
      );
    }
    const outcome = put.outcomes[0]?.[1] ?? 'same';
    const { zone, nextSlot } = definition;
    if (json) {
      const next_slot = new Date(nextSlot).toISOString();
      print(
        JSON.stringify({
          version: 1,
          kind: 'cron_put',
          name,
          outcome: OUTCOMES[outcome],
          expression: definition.expression,
          zone,
          next_slot,
        }),
      );
    } else {
      const when = `${formatTime(nextSlot, { timeZone: zone })} ${zone} (in ${formatDuration(nextSlot - now)})`;
      print(`${name} ${outcome === 'same' ? 'is there already' : OUTCOMES[outcome]}; next slot ${when}`);
    }
    return 0;
  });
}

const OUTCOMES = { added: 'added', same: 'unchanged', changed: 'replaced', removed: 'removed' } as const;

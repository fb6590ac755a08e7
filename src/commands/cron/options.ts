import { CATCH_UPS, DEFAULT_CATCH_UP, DEFAULT_OVERLAP, OVERLAPS } from '../../cron-entry.ts';
import type { OptionSpec } from '../../parse/argv.ts';
import { ENQUEUE_OPTIONS } from '../enqueue/options.ts';

/** What makes no sense for a job that is enqueued again and again, or has another meaning here. */
const NOT_FOR_ENTRIES = new Set([
  ...['job-id', 'unique', 'lines', 'schedule-in', 'schedule-at', 'tz', 'quiet', 'json'],
  ...['depends-on', 'allow-failure', 'on-parent-failure', 'once-per', 'overlap', 'max-depth'],
  ...['spool', 'wait', 'wait-timeout', 'cancel-on-interrupt'],
]);

/** The flags of an entry itself. */
const OF_THE_ENTRY: readonly OptionSpec[] = [
  {
    name: 'tz',
    type: 'string',
    value: 'ZONE',
    describe: 'the zone of the expression, such as Europe/Berlin (default: your own)',
  },
  {
    name: 'catch-up',
    type: 'string',
    value: CATCH_UPS.join('|'),
    describe: `what becomes of slots that passed while no worker was there (default: ${DEFAULT_CATCH_UP})`,
  },
  {
    name: 'overlap',
    type: 'string',
    value: OVERLAPS.join('|'),
    describe: `what becomes of a slot while the last job is unfinished (default: ${DEFAULT_OVERLAP})`,
  },
];

/** The flags of an entry's jobs. */
export const JOB_OPTIONS: readonly OptionSpec[] = ENQUEUE_OPTIONS.filter(({ name }) => !NOT_FOR_ENTRIES.has(name));

/** All flags that an entry may have, on a command line and in a file. */
export const ENTRY_OPTIONS: readonly OptionSpec[] = [...OF_THE_ENTRY, ...JOB_OPTIONS];

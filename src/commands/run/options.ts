import type { OptionSpec } from '../../parse/argv.ts';
import { ENQUEUE_OPTIONS } from '../enqueue/options.ts';
import { REPORT_OPTIONS } from '../reports/options.ts';

/** Those of `rqt enqueue` that mean something for a job that is run at once and is gone afterwards. */
const OF_ENQUEUE = [
  ...['description', 'meta', 'timeout', 'retry-max', 'retry-interval', 'backoff', 'retry-delay', 'retry-max-delay', 'jitter'],
  ...['on-success', 'on-failure', 'on-stopped', 'callback-timeout'],
];

/** The options of `rqt run`, in the order of its help. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  ...ENQUEUE_OPTIONS.filter(({ name }) => OF_ENQUEUE.includes(name)),
  {
    name: 'path',
    alias: 'P',
    type: 'list',
    value: 'DIR',
    describe: 'where tasks are found: here and in its tasks/; repeatable (default: .)',
  },
  { name: 'isolate', type: 'boolean', describe: 'a fresh executor for every attempt' },
  {
    name: 'grace',
    type: 'string',
    value: 'DURATION',
    describe: 'how long a job that is stopped has before it is killed (default: 5s)',
  },
  { name: 'allow-shell', type: 'boolean', describe: 'let jobs that it enqueues run shell command lines, too' },
  { name: 'keep', type: 'boolean', describe: 'leave the job in Redis for a day, for rqt status and rqt logs' },
  ...REPORT_OPTIONS,
  { name: 'result', type: 'boolean', describe: 'print the result as JSON on stdout; what the job prints all goes to stderr' },
  { name: 'json', type: 'boolean', describe: 'print one JSON document on stdout; what the job prints all goes to stderr' },
  { name: 'quiet', alias: 'q', type: 'boolean', describe: 'tell nothing of a job that finished' },
  { name: 'verbose', alias: 'v', type: 'boolean', describe: "show the worker's log" },
];

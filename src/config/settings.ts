/**
 * Everything that can be set outside the command line. Keys are the names of flags: a flag that is added to a command and may be configured gets its row here, and then
 * has its variable, its key in the file and its line in `rqt config`. What says something of a single job or process has no row, on purpose.
 */
import { parseGroupName, parseQueueName, parseTaskName } from '../parse/names.ts';
import { count, duration, intervals, named, namespace, notEmpty, note, oneOf, redisUrl, size } from './kinds.ts';
import { type SectionName, type Setting, variableOf } from './setting.ts';

type Row = Partial<Omit<Setting, 'name' | 'section'>>;

/** For every command: at the top of the file. */
const RQT: Readonly<Record<string, Row>> = {
  url: { check: redisUrl, variables: ['RQT_REDIS_URL', 'RQT_URL', 'RQ_REDIS_URL', 'REDIS_URL'] },
  namespace: { check: namespace, otherwise: 'rq' },
  'connect-timeout': { check: duration({ allowZero: false, allowNone: false, wholeSeconds: false }), otherwise: '5s' },
  home: { check: notEmpty, isPath: true },
  fsync: { check: oneOf('always', 'everysec', 'no'), otherwise: 'always' },
  'redis-timeout': { check: duration({ allowZero: false, allowNone: false, wholeSeconds: false }), otherwise: '30s' },
};

/** What each job of an enqueue gets; a queue may have its own. */
const JOB: Readonly<Record<string, Row>> = {
  unique: { kind: 'boolean', rivals: ['once-per'] },
  'at-front': { kind: 'boolean' },
  overlap: { check: oneOf('skip', 'queue', 'replace'), otherwise: 'skip', needs: ['once-per'] },
  'max-depth': { check: count({ example: 1000 }) },
  group: { check: named(parseGroupName) },
  meta: { kind: 'list', check: note },
  'allow-failure': { kind: 'boolean', needs: ['depends-on'], rivals: ['on-parent-failure'] },
  'on-parent-failure': { check: oneOf('cancel', 'wait'), otherwise: 'cancel', needs: ['depends-on'], rivals: ['allow-failure'] },
  timeout: { check: duration({ allowZero: false }), otherwise: '180s' },
  ttl: { check: duration({ allowZero: false }), otherwise: '-1' },
  'result-ttl': { check: duration() },
  'failure-ttl': { check: duration(), otherwise: '365d' },
  'retry-max': { check: count({ max: 1000, example: 3 }), rivals: ['at-most-once'] },
  'retry-interval': {
    kind: 'list',
    check: intervals,
    needs: ['retry-max'],
    rivals: ['backoff', 'retry-delay', 'retry-max-delay'],
  },
  backoff: { check: oneOf('exponential', 'linear'), needs: ['retry-max'], rivals: ['retry-interval'] },
  'retry-delay': { check: duration({ allowZero: false, allowNone: false }), otherwise: '5s', needs: ['backoff'] },
  'retry-max-delay': { check: duration({ allowZero: false, allowNone: false }), otherwise: '1h', needs: ['backoff'] },
  jitter: { kind: 'boolean', needs: ['retry-interval', 'backoff'] },
  repeat: { check: count({ max: 1_000_000, example: 3 }), rivals: ['at-most-once'] },
  'repeat-interval': { kind: 'list', check: intervals, needs: ['repeat'] },
  'at-most-once': { kind: 'boolean', rivals: ['retry-max', 'repeat', 'max-crashes'] },
  'max-crashes': { check: count({ min: 0, max: 1000, example: 3 }), otherwise: '3', rivals: ['at-most-once'] },
  'on-success': { check: named(parseTaskName) },
  'on-failure': { check: named(parseTaskName) },
  'on-stopped': { check: named(parseTaskName) },
  'callback-timeout': {
    check: duration({ allowZero: false }),
    otherwise: '60s',
    needs: ['on-success', 'on-failure', 'on-stopped'],
  },
};

const ENQUEUE: Readonly<Record<string, Row>> = {
  queue: { check: named(parseQueueName), otherwise: 'default' },
  ...Object.fromEntries(Object.entries(JOB).map(([name, row]) => [name, { perQueue: true, ...row }])),
  spool: { kind: 'boolean', rivals: ['wait', 'once-per', 'max-depth'] },
  'wait-timeout': { check: duration({ wholeSeconds: false }), needs: ['wait'] },
  'cancel-on-interrupt': { kind: 'boolean', needs: ['wait'] },
};

const positive = duration({ allowZero: false, allowNone: false });
const time = duration({ allowNone: false, wholeSeconds: false });

const WORKER: Readonly<Record<string, Row>> = {
  burst: { kind: 'boolean' },
  path: { kind: 'list', isPath: true, check: notEmpty, otherwise: '. ./tasks' },
  concurrency: { check: count({ max: 256, example: 4 }), otherwise: '1', rivals: ['num-workers'] },
  'dequeue-strategy': { check: oneOf('default', 'random', 'round_robin'), otherwise: 'default' },
  settle: { kind: 'boolean', needs: ['burst'] },
  for: { check: time, otherwise: '10m', needs: ['settle'] },
  'max-memory': { check: size(16 * 2 ** 20) },
  'recycle-after': { check: count() },
  'with-scheduler': { kind: 'boolean', otherwise: 'true', rivals: ['no-scheduler'] },
  'maintenance-interval': { check: positive, otherwise: '30s' },
  'worker-ttl': { check: positive, otherwise: '420s' },
  'job-monitoring-interval': { check: positive, otherwise: '30s' },
  'max-jobs': { check: count() },
  'max-idle-time': { check: duration({ allowZero: false, allowNone: false, wholeSeconds: false }) },
  'fail-fast': { kind: 'boolean', rivals: ['max-failures'] },
  'max-failures': { check: count({ example: 3 }), rivals: ['fail-fast'] },
  isolate: { kind: 'boolean' },
  grace: { check: time, otherwise: '5s' },
  'result-ttl': { check: duration(), otherwise: '500s' },
  'allow-shell': { kind: 'boolean' },
  verbose: { kind: 'boolean', rivals: ['quiet'] },
  quiet: { kind: 'boolean', rivals: ['verbose'] },
  'log-format': { check: oneOf('text', 'json'), otherwise: 'text' },
};

/** In the order in which `rqt config` shows them. */
export const SETTINGS: readonly Setting[] = [
  ...section('rqt', RQT),
  ...section('enqueue', ENQUEUE),
  ...section('worker', WORKER),
];

function section(name: SectionName, rows: Readonly<Record<string, Row>>): Setting[] {
  return Object.entries(rows).map(([key, row]) => ({
    name: key,
    section: name,
    kind: 'text',
    otherwise: row.kind === 'boolean' ? 'false' : '',
    check: () => {},
    perQueue: false,
    isPath: false,
    variables: [variableOf(key)],
    needs: [],
    rivals: [],
    ...row,
  }));
}

/** The settings of a command: its own, and those that every command has. */
export function settingsOf(command: string): Setting[] {
  const own = sectionOf(command);
  return SETTINGS.filter(setting => setting.section === 'rqt' || setting.section === own);
}

/** Whether an option of a command is also a setting of its section: then `--no-name` makes as if it were not configured. */
export function isConfigurable(command: string, option: string): boolean {
  return sectionOf(command) !== 'rqt' && SETTINGS.some(({ name, section }) => name === option && section === sectionOf(command));
}

/** The section that a command reads. */
export function sectionOf(command: string): SectionName {
  if (command === 'worker-pool') return 'worker';
  return command === 'enqueue' || command === 'worker' ? command : 'rqt';
}

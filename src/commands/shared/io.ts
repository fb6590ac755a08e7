import type { Options } from '../../command.ts';
import { sourceText } from '../../config/setting.ts';
import { type ConfigOfFile, readConfig } from '../../config.ts';
import { failpoint } from '../../failpoint.ts';
import type { OptionSpec } from '../../parse/argv.ts';
import { closeDb, type Db, failureOf, openStore, passedOver, passWrongTypes } from '../../store/index.ts';
import { wantsQuiet } from './exclude.ts';
import { sendSpooled } from './spooled.ts';

let isQuiet = false;

/** The flag of commands that a crontab may call: cron mails whatever is written. */
export const QUIET_OPTION: OptionSpec = { name: 'quiet', type: 'boolean', describe: 'print nothing but errors; not with --json' };

/** Heeds {@link QUIET_OPTION}: nothing is printed from now on. Returns whether that is so. @throws as {@link wantsQuiet}. */
export function heedQuiet(options: Options): boolean {
  isQuiet = wantsQuiet(options);
  return isQuiet;
}

/** Data for stdout. `onLost`: it cannot be written, though somebody may be reading (a full disk). */
export function print(text: string, onLost?: () => void): void {
  if (isQuiet) return;
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, error => {
    if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') onLost?.();
  });
}

/** Talk for stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What {@link withStore} may be told of the work. */
interface WorkKind {
  /** It only reads, and for long: a connection that is lost meanwhile comes back by itself, and what it was asked waits. */
  readonly isLasting?: boolean;
  /** It changes something: jobs that wait in the spool are sent first. */
  readonly writes?: boolean;
  /** It looks for keys that hold something else than they should: they are not passed over. */
  readonly wantsWrongTypes?: boolean;
  /** What it means when the connection is lost before the answer. */
  readonly ifLost?: () => string;
  /** Hears, one line each, why the private server is not started again, and what cannot be sent from the spool; default: {@link say}. */
  readonly tell?: (text: string) => void;
}

/** Opens the Redis that flags and environment name, does the work, and closes it whatever happens. */
export async function withStore<T>(options: Options, work: (db: Db) => Promise<T>, kind: WorkKind = {}): Promise<T> {
  const {
    isLasting = false,
    writes = false,
    wantsWrongTypes = false,
    ifLost,
    tell = (text: string) => say(`rqt: ${text}`),
  } = kind;
  const config = configOf(options);
  const db = await openStore(config, { persistent: isLasting, onlyReads: isLasting, tell });
  if (__FAILPOINTS__) failpoint('command.connected');
  if (!wantsWrongTypes) passWrongTypes(db, key => say(`rqt: ${passedOver(key)}`));
  try {
    if (writes) await sendSpooled(db, config, tell);
    return await work(db);
  } catch (error) {
    throw failureOf(db, error, ifLost?.());
  } finally {
    closeDb(db);
  }
}

/** As {@link withStore}, for work that only reads, and is over soon. */
export function readStore<T>(options: Options, work: (db: Db) => Promise<T>): Promise<T> {
  return withStore(options, work, { ifLost: () => 'try again' });
}

/** The configuration that flags, environment and files give. */
export function configOf(options: Options) {
  const flags = {
    url: options.typed('url'),
    namespace: options.typed('namespace'),
    connectTimeout: options.text('connect-timeout'),
  };
  return readConfig(process.env, flags, configOfFile(options));
}

/** What was configured of the things that readConfig decides on. */
export function configOfFile(options: Options): ConfigOfFile {
  return Object.fromEntries(
    (['url', 'namespace', 'home', 'fsync', 'redis-timeout'] as const).flatMap(name => {
      const given = options.configured(name);
      return given ? [[name, { value: String(given.value), from: sourceText(given.source) }]] : [];
    }),
  );
}

import type { Options } from '../command.ts';
import { sourceText } from '../config/setting.ts';
import { type ConfigOfFile, readConfig } from '../config.ts';
import type { OptionSpec } from '../parse/argv.ts';
import { failpoint } from '../failpoint.ts';
import { closeDb, type Db, failureOf, openStore } from '../store/index.ts';

let isQuiet = false;

/** The flag of commands that a crontab may call: cron mails whatever is written. */
export const QUIET_OPTION: OptionSpec = { name: 'quiet', type: 'boolean', describe: 'print nothing but errors' };

/** Heeds {@link QUIET_OPTION}: nothing is printed from now on. Returns whether it was given. */
export function heedQuiet(options: Options): boolean {
  isQuiet = options.flag('quiet');
  return isQuiet;
}

/** Data for stdout. */
export function print(text: string): void {
  if (isQuiet) return;
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Talk for stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Opens the Redis that flags and environment name, does the work, and closes it whatever happens. `isLasting`, for work that
 * only reads: a connection that is lost meanwhile comes back by itself, and what it was asked waits.
 */
export async function withStore<T>(options: Options, work: (db: Db) => Promise<T>, { isLasting = false } = {}): Promise<T> {
  const db = await openStore(configOf(options), { persistent: isLasting, onlyReads: isLasting });
  if (__FAILPOINTS__) failpoint('command.connected');
  try {
    return await work(db);
  } catch (error) {
    throw failureOf(db, error);
  } finally {
    closeDb(db);
  }
}

/** The configuration that flags, environment and files give. */
export function configOf(options: Options) {
  return readConfig(process.env, { url: options.typed('url'), namespace: options.typed('namespace') }, configOfFile(options));
}

/** What was configured of the things that readConfig decides on. */
export function configOfFile(options: Options): ConfigOfFile {
  return Object.fromEntries(
    (['url', 'namespace', 'home', 'fsync'] as const).flatMap(name => {
      const given = options.configured(name);
      return given ? [[name, { value: String(given.value), from: sourceText(given.source) }]] : [];
    }),
  );
}

import type { Configured, Typed } from './configure.ts';
import { readEnvironment } from './environment.ts';
import type { ConfigFile } from './find.ts';
import { readConfigFile } from './open-file.ts';
import { type FileSettings, parseConfigFile } from './parse-file.ts';
import { resolve, type Said } from './resolve.ts';
import type { Entries, Given, SettingValue } from './setting.ts';
import { sectionOf, settingsOf } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Reads files and variables and says what holds for a command line; an enqueue's queue decides which section of queues counts. */
export function readConfiguration(typed: Typed, env: Env, files: readonly ConfigFile[]): Configured {
  return configuredFor(typed.command, readSaid(typed, env, readFiles(files)));
}

/** @throws RqtError `config` */
export function readFiles(files: readonly ConfigFile[]): FileSettings[] {
  return files.map(file => parseConfigFile(readConfigFile(file), file.path));
}

export function readSaid({ command, values }: Typed, env: Env, files: readonly FileSettings[]): Said {
  return { typed: typedEntries(values), variables: readEnvironment(env, sectionOf(command)), files };
}

/** What holds for a command. `queue`: as if this one had been chosen. */
export function configuredFor(command: string, said: Said, queue?: string): Configured {
  const [settings, section] = [settingsOf(command), sectionOf(command)];
  const chosen = queue ?? resolve(settings, said, section, null).get('queue')?.value;
  const defaultQueue = settings.find(({ name }) => name === 'queue')?.otherwise ?? null;
  return resolve(settings, said, section, typeof chosen === 'string' ? chosen : defaultQueue);
}

function typedEntries(values: Readonly<Record<string, unknown>>): Entries {
  const entries = Object.entries(values).filter(([, value]) => isValue(value));
  return new Map(
    entries.map(([name, value]): [string, Given] => [
      name,
      { value: value as SettingValue, source: { kind: 'flag', name: `--${name}` } },
    ]),
  );
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (Array.isArray(value) && value.length > 0);
}

/**
 * What variables and files say, for the options that a command line does not give.
 */
import type { ConfigFile } from './find.ts';
import { findFiles, workingDirectory } from './find.ts';
import type { Entries, Given, SettingValue } from './setting.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A command line: which command, and what was typed, by the names of options. */
export interface Typed {
  readonly command: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Values of options by name, and where they come from. */
export type Configured = Entries;

/**
 * What holds for the options that were not typed. Most calls have no file and only such variables as are read anyway: these cost some stat
 * calls, and load nothing.
 * @throws RqtError `config` for anything wrong in a file or a variable, whatever the command.
 */
export async function configure(typed: Typed, env: Env): Promise<Configured> {
  const files = filesFor(typed, env);
  if (files.length === 0 && !Object.keys(env).some(isSetting)) return NOTHING;
  const { readConfiguration } = await import('./read.ts');
  return readConfiguration(typed, env, files);
}

/** The files that hold for a command line. */
export function filesFor({ values }: Typed, env: Env): ConfigFile[] {
  const flag = typeof values.config === 'string' ? values.config : undefined;
  return findFiles(env, flag, workingDirectory());
}

const NOTHING: ReadonlyMap<string, Given & { readonly value: SettingValue }> = new Map();

/** Those that are read where they are needed (src/config.ts) and those that tell a job about itself need no table. */
function isSetting(name: string): boolean {
  return name.startsWith('RQT_') && !/^RQT_(REDIS_URL|NAMESPACE|HOME|FSYNC|REDIS_TIMEOUT|CONFIG)$/.test(name);
}

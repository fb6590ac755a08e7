import type { Check } from './kinds.ts';

/** Where a setting belongs: to every command, or to one of those that have a section of their own. */
export type SectionName = 'rqt' | 'enqueue' | 'worker';

/** What a setting may hold; the same as an option of a command line does. */
export type SettingValue = string | boolean | readonly string[];

/** One thing that can be set outside the command line. */
export interface Setting {
  /** As in the file, and as the flag without its dashes: `result-ttl`. */
  readonly name: string;
  readonly section: SectionName;
  readonly kind: 'text' | 'boolean' | 'list';
  /** What holds when nobody says anything, as people write it; '' for nothing. */
  readonly otherwise: string;
  readonly check: Check;
  /** Whether a `[queues.NAME]` section may say it. */
  readonly perQueue: boolean;
  /** Whether its values are paths, which in a file begin at the file. */
  readonly isPath: boolean;
  /** The variables that set it, the first that is not empty wins. */
  readonly variables: readonly string[];
  /** It says nothing unless one of these options is given; then it is left out without a word. */
  readonly needs: readonly string[];
  /** Options that say otherwise: when one of them is given nearer, this is left out. */
  readonly rivals: readonly string[];
}

/** Where a value comes from. `name`: the flag, the variable, the file's path. */
export interface Source {
  readonly kind: 'flag' | 'variable' | 'file' | 'default';
  readonly name: string;
  /** Of a file: from 1, or null where it is not known. */
  readonly line?: number | null;
}

/** A value and where it comes from. */
export interface Given {
  readonly value: SettingValue;
  readonly source: Source;
}

/** Values by the names of their settings. */
export type Entries = ReadonlyMap<string, Given>;

/** As people and messages call it: `--timeout`, `RQT_TIMEOUT`, `/srv/rqt.toml:3`. */
export function sourceText({ name, line }: Source): string {
  return line === undefined || line === null ? name : `${name}:${line}`;
}

/** The variable of a setting that has no names of its own: `RQT_RESULT_TTL`. */
export function variableOf(name: string): string {
  return `RQT_${name.replaceAll('-', '_').toUpperCase()}`;
}

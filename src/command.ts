import type { Configured } from './config/configure.ts';
import type { Given } from './config/setting.ts';
import type { OptionSpec } from './parse/argv.ts';

/** One subcommand: what it takes, and what it does. */
export interface Command {
  readonly name: string;
  /** After the name, in help: `<module#fn> [args…]`. */
  readonly synopsis: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** How many positional words it takes. */
  readonly words: { readonly min: number; readonly max: number };
  /** Whether words after `--` mean anything to it. */
  readonly takesPlainWords?: boolean;
  /** Whether it goes on when nobody reads its output any more: what it does matters more than what it says. */
  readonly outlivesReader?: boolean;
  /** Whether it is about the configuration, and gets what was typed only. */
  readonly readsOwnConfiguration?: boolean;
  /** `rqt cron add`: it does nothing itself, its first word names one of these. */
  readonly subcommands?: readonly Command[];
  /** A second name of another command, not listed. */
  readonly isAlias?: boolean;
  /** Lines under the options in its help. */
  readonly epilogue?: string;
  /** Returns the exit status. */
  run(line: CommandLine): Promise<number>;
}

/** What was typed after a command's name. */
export interface CommandLine {
  readonly words: readonly string[];
  /** Those after `--`. */
  readonly plainWords: readonly string[];
  readonly options: Options;
}

/** Options by name, typed ones before configured ones; {@link OptionSpec} says which type each has. */
export class Options {
  readonly #typed: Readonly<Record<string, unknown>>;
  readonly #configured: Configured;

  constructor(typed: Readonly<Record<string, unknown>>, configured: Configured = new Map()) {
    this.#typed = typed;
    this.#configured = configured;
  }

  /** The same without those of these names. */
  without(...names: readonly string[]): Options {
    const isKept = ([name]: readonly [string, unknown]) => !names.includes(name);
    const typed = Object.fromEntries(Object.entries(this.#typed).filter(isKept));
    return new Options(typed, new Map([...this.#configured].filter(isKept)));
  }

  /** The value of an option that takes one, or undefined. */
  text(name: string): string | undefined {
    const value = this.#get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Whether it was given, as whatever it is. */
  has(name: string): boolean {
    const value = this.#get(name);
    return value !== undefined && value !== false;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#get(name) === true;
  }

  /** Whether a flag was turned off: `--no-name`, or `name = false` in a file. */
  isOff(name: string): boolean {
    return this.#get(name) === false;
  }

  /** The values of an option that may be repeated. */
  list(name: string): readonly string[] {
    const value = this.#get(name);
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** What the command line itself has of an option that takes a value. */
  typed(name: string): string | undefined {
    const value = this.#typed[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Where a value comes from that was not typed, or null. */
  configured(name: string): Given | null {
    return this.#typed[name] === undefined ? (this.#configured.get(name) ?? null) : null;
  }

  /** All that was typed. */
  get words(): Readonly<Record<string, unknown>> {
    return this.#typed;
  }

  #get(name: string): unknown {
    return this.#typed[name] ?? this.#configured.get(name)?.value;
  }
}

/** A command as it was called, `cron add` with `title`, and how many words that took. */
export interface Called {
  readonly command: Command;
  readonly title: string;
  readonly wordCount: number;
}

/** The subcommand that the words after a command's name call, or the command itself. */
export function descend(command: Command, words: readonly string[], title = command.name, wordCount = 0): Called {
  const sub = command.subcommands?.find(({ name }) => name === words[0]);
  return sub ? descend(sub, words.slice(1), `${title} ${sub.name}`, wordCount + 1) : { command, title, wordCount };
}

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'url',
    alias: 'u',
    type: 'string',
    value: 'URL',
    describe: 'the Redis to use (else RQT_REDIS_URL, RQ_REDIS_URL, REDIS_URL, else a private one)',
  },
  { name: 'namespace', type: 'string', value: 'PREFIX', describe: 'what every key starts with (default: rq)' },
  {
    name: 'config',
    type: 'string',
    value: 'FILE',
    describe: 'the one configuration file to read (default: rqt.toml, nearest upwards, and ~/.config/rqt/rqt.toml)',
  },
  {
    name: 'connect-timeout',
    type: 'string',
    value: 'DURATION',
    describe: 'how long to wait for Redis at the most (else RQT_CONNECT_TIMEOUT, else 5s)',
  },
];

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

/** Given options by name; {@link OptionSpec} says which type each has. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** The value of an option that takes one, or undefined. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Whether it was given, as whatever it is. */
  has(name: string): boolean {
    const value = this.#values[name];
    return value !== undefined && value !== false;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The values of an option that may be repeated. */
  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
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
];

/** One option of a command. The table of them serves the fast reader and, through `toYargsOptions`, yargs. */
export interface OptionSpec {
  /** Without dashes: `at-front`. */
  readonly name: string;
  /** One letter. */
  readonly alias?: string;
  /** `list` may be repeated, `string` may not. Values stay text: the command parses them. */
  readonly type: 'string' | 'boolean' | 'list';
  readonly describe: string;
  /** How help calls the value: `SECONDS`. */
  readonly value?: string;
  /** What it takes, where `value` does not tell (`cancel|wait`): for completion. */
  readonly choices?: readonly string[];
}

/** What a command line says. Options that were not given are absent. */
export interface ArgvReading {
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly positionals: readonly string[];
}

/**
 * Reads a valid command line without loading yargs, or returns null for anything that needs an explanation, which is yargs's
 * to give: help, unknown flags, missing values, a value that looks like a flag, an option given twice.
 *
 * Takes `--name value`, `--name=value`, `-n value`, `-nvalue`, flags, groups of them (`-bv`), `--no-flag`, and options among
 * positionals. `-` and negative numbers are values. Agrees with yargs (under `YARGS_PARSING`) where both answer, except that, as
 * in RQ's command line, `-nvalue` works and the word `true` after a flag is a positional.
 *
 * @param words - the command line after the command's name, cut before `--`
 */
export function readArgv(
  words: readonly string[],
  specs: readonly OptionSpec[],
  maxPositionals = Number.POSITIVE_INFINITY,
): ArgvReading | null {
  const draft: Draft = { specs, options: {}, positionals: [] };
  for (let index = 0; index < words.length; ) {
    const used = readWord(words[index] ?? '', words[index + 1], draft);
    if (used === 0) return null;
    index += used;
  }
  const { options, positionals } = draft;
  return positionals.length > maxPositionals ? null : { options, positionals };
}

interface Draft {
  readonly specs: readonly OptionSpec[];
  readonly options: Record<string, string | boolean | string[]>;
  readonly positionals: string[];
}

/** How many words were used, the value in `next` included; 0 when the word is not understood. So do those below. */
function readWord(word: string, next: string | undefined, draft: Draft): number {
  if (isFlag(word)) return word.startsWith('--') ? readLong(word, next, draft) : readShort(word, next, draft);
  draft.positionals.push(word);
  return 1;
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-(\d+(\.\d+)?|\.\d+)$/.test(word);
}

/** `--name`, `--name=value`, `--no-name`. */
function readLong(word: string, next: string | undefined, draft: Draft): number {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const spec = draft.specs.find(candidate => candidate.name === name);
  if (spec && spec.type !== 'boolean') {
    return equals < 0 ? takeNext(spec, next, draft) : setValue(spec, word.slice(equals + 1), draft);
  }
  const isNegated = !spec && name.startsWith('no-');
  const flag = isNegated ? draft.specs.find(candidate => candidate.name === name.slice(3)) : spec;
  if (flag?.type !== 'boolean' || equals >= 0) return 0;
  draft.options[flag.name] = !isNegated;
  return 1;
}

/** `-n value`, `-nvalue`, `-bv`. */
function readShort(word: string, next: string | undefined, draft: Draft): number {
  for (let at = 1; at < word.length; at += 1) {
    const spec = draft.specs.find(candidate => candidate.alias === word[at]);
    const rest = word.slice(at + 1);
    if (!spec || rest.startsWith('=')) return 0;
    if (spec.type !== 'boolean') return rest === '' ? takeNext(spec, next, draft) : setValue(spec, rest, draft);
    draft.options[spec.name] = true;
  }
  return 1;
}

function takeNext(spec: OptionSpec, next: string | undefined, draft: Draft): number {
  return next === undefined || isFlag(next) ? 0 : 2 * setValue(spec, next, draft);
}

/** 1, or 0 when the option was given before and is no list. */
function setValue({ name, type }: OptionSpec, value: string, { options }: Draft): 0 | 1 {
  const given = options[name];
  if (type === 'list') options[name] = Array.isArray(given) ? [...given, value] : [value];
  else if (given === undefined) options[name] = value;
  else return 0;
  return 1;
}

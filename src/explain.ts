import yargs, { type Argv } from 'yargs';
import { type Called, type Command, type CommandLine, descend, GLOBAL_OPTIONS, Options } from './command.ts';
import { COMPLETION, completedShell, valuesOf } from './completion.ts';
import { isConfigurable } from './config/settings.ts';
import { RqtError } from './errors.ts';
import { renderHelp } from './help.ts';
import { renderCommandHelp } from './help-command.ts';
import type { OptionSpec } from './parse/argv.ts';
import { nearest } from './parse/nearest.ts';
import { quote } from './parse/quote.ts';
import { toYargsOptions, YARGS_PARSING } from './parse/yargsOptions.ts';
import { VERSION } from './version.ts';

/** A command line that was correct after all, and the command it is for. */
export interface Explained {
  readonly command: Command;
  readonly line: CommandLine;
}

/**
 * Reads a command line with yargs: prints help, the version or a completion script (null), refuses what is wrong with one line
 * that names the nearest right one, or returns what it says.
 */
export async function explain(
  commands: readonly Command[],
  typed: readonly string[],
  plainWords: readonly string[],
): Promise<Explained | null> {
  if (typed.length === 0) {
    process.stderr.write(`${renderHelp(commands)}\n`);
    throw new RqtError('usage', 'say what to do');
  }
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed;
  const [first = ''] = words;
  if (!first.startsWith('-') && first !== 'completion' && !commands.some(({ name }) => name === first))
    throw refuseName(commands, words);
  if (words.some(word => word === '--help' || word === '-h')) return printHelp(commands, words);
  if (first === 'completion') {
    // yargs asks these which script to print.
    process.env.SHELL = completedShell(words.slice(1), process.env);
    delete process.env.ZSH_NAME;
  }
  const found: { explained: Explained | null } = { explained: null };
  const parser = yargs([...words])
    .scriptName('rqt')
    .detectLocale(false)
    .parserConfiguration(YARGS_PARSING)
    .options(toYargsOptions(GLOBAL_OPTIONS))
    .strictOptions()
    .exitProcess(false)
    .version(VERSION)
    .help(false)
    .option('help', { alias: 'h', type: 'boolean', describe: 'show how to call a command' })
    .alias('version', 'V')
    .completion('completion', 'print a completion script for your shell')
    .fail((message, error) => {
      throw message ? new Refusal(message) : error;
    });
  const completes = first === '--get-yargs-completions';
  for (const command of commands) {
    addCommand(parser, completes, { command, title: command.name, wordCount: 1 }, (called, words, options) => {
      if (!called.subcommands) found.explained = { command: called, line: { words, plainWords, options } };
    });
  }
  refuseValues(commands, words);
  try {
    await parser.parseAsync();
  } catch (error) {
    throw error instanceof Refusal ? refuse(error.message, commands, words) : error;
  }
  // In a group of flags: `-bh`.
  if (found.explained?.line.options.flag('help')) return printHelp(commands, words);
  return checked(found.explained, commands, words);
}

type OnCall = (command: Command, words: readonly string[], options: Options) => void;

/** A command, and those below it, as yargs's. */
function addCommand(parser: Argv, completes: boolean, { command, title, wordCount }: Called, onCall: OnCall): void {
  parser.command(
    command.name,
    command.summary,
    builder => {
      builder.options(toYargsOptions(command.options, name => isConfigurable(title, name)));
      // Only then: which values are right is for the command to say.
      for (const spec of completes ? command.options : []) {
        const values = valuesOf(spec);
        if (values) builder.choices(spec.name, values);
      }
      for (const sub of command.subcommands ?? [])
        addCommand(builder, completes, { command: sub, title: `${title} ${sub.name}`, wordCount: wordCount + 1 }, onCall);
      return builder;
    },
    argv => {
      const { _: words = [], ...options } = argv as { _: (string | number)[] };
      onCall(command, words.slice(wordCount).map(String), new Options(options));
    },
  );
}

/** That of `rqt` itself, or of the command that the words call. */
function printHelp(commands: readonly Command[], words: readonly string[]): null {
  const called = words[0] === 'completion' ? COMPLETION : calledBy(commands, words);
  const text = called ? renderCommandHelp(called, process.stdout.columns ?? DEFAULT_COLUMNS) : renderHelp(commands);
  process.stdout.write(`${text}\n`);
  return null;
}

const DEFAULT_COLUMNS = 100;

/** yargs takes the value in `--unique=yes` for false without a word. */
function refuseValues(commands: readonly Command[], words: readonly string[]): void {
  const { options, help } = contextOf(commands, words);
  for (const word of words) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
    if (options.some(spec => spec.name === name && spec.type === 'boolean'))
      throw new RqtError('usage', `--${name} takes no value; leave ${quote(`=${value}`)} away (see ${help})`);
  }
}

/** What yargs says is wrong. */
class Refusal extends Error {}

function checked(explained: Explained | null, commands: readonly Command[], words: readonly string[]): Explained | null {
  if (!explained) {
    if (asksForHelp(words)) return null;
    throw refuseName(commands, words);
  }
  const { command, line } = explained;
  const title = calledBy(commands, words)?.title ?? command.name;
  if (line.words.length < command.words.min) throw usage(command, title, `something is missing${takenBy(command, line)}`);
  if (line.words.length > command.words.max)
    throw usage(command, title, `${quote(line.words[command.words.max] ?? '')} is one word too many`);
  if (line.plainWords.length > 0 && !command.takesPlainWords) throw usage(command, title, 'nothing may follow --');
  return explained;
}

/** A flag whose value was forgotten takes the task for it. */
function takenBy({ options }: Command, line: CommandLine): string {
  const taker = options.find(({ name, type }) => type === 'string' && /^[^\s#]+#\w+$/.test(line.options.text(name) ?? ''));
  return taker ? ` (${quote(line.options.text(taker.name) ?? '')} is the value of --${taker.name})` : '';
}

function usage(command: Command, title: string, what: string): RqtError {
  const how = `rqt ${title} ${command.synopsis}`.trimEnd();
  return new RqtError('usage', `rqt ${title}: ${what}: ${how} (see rqt ${title} --help)`);
}

const HELP_WORDS = new Set(['--help', '-h', '--version', '-V', 'completion', '--get-yargs-completions']);

function asksForHelp(words: readonly string[]): boolean {
  return words.some(word => HELP_WORDS.has(word));
}

function refuseName(commands: readonly Command[], words: readonly string[]): RqtError {
  const name = words.find(word => !word.startsWith('-'));
  if (name === undefined) return new RqtError('usage', 'say what to do: rqt <command> (see rqt --help)');
  const called = calledBy(commands, words);
  return called?.command.subcommands ? refuseSubcommand(called, words) : unknownCommand(name, '', commands);
}

/** What other tools, and RQ, call what rqt has under another name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ls: 'jobs',
  list: 'jobs',
  ps: 'info',
  retry: 'requeue',
  rm: 'delete',
  remove: 'delete',
  show: 'status',
  pause: 'suspend',
  unpause: 'resume',
  purge: 'empty',
  work: 'worker',
};

function unknownCommand(name: string, above: string, known: readonly Command[]): RqtError {
  const names = known.map(command => command.name);
  const meant = above === '' && Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  const near = meant ?? nearest(name, names);
  const hint = near ? `; did you mean ${above}${near}?` : '';
  return new RqtError('usage', `there is no command ${quote(above + name)}${hint} (see rqt ${above}--help)`);
}

/** The word behind a command that only has subcommands is none of them, or missing. */
function refuseSubcommand({ command: { subcommands = [] }, title, wordCount }: Called, words: readonly string[]): RqtError {
  const name = words.filter(word => !word.startsWith('-'))[wordCount];
  if (name !== undefined) return unknownCommand(name, `${title} `, subcommands);
  return new RqtError(
    'usage',
    `say what to do: rqt ${title} ${subcommands.map(sub => sub.name).join('|')} (see rqt ${title} --help)`,
  );
}

/** The command, or the subcommand, that the words call; flags may stand before its name. */
function calledBy(commands: readonly Command[], words: readonly string[]): Called | null {
  const names = words.filter(word => !word.startsWith('-'));
  for (const [i, word] of names.entries()) {
    const command = commands.find(({ name }) => name === word);
    if (command) return descend(command, names.slice(i + 1), command.name, i + 1);
  }
  return null;
}

/** yargs's message as one of ours: what is wrong, and the nearest right thing. */
function refuse(message: string, commands: readonly Command[], words: readonly string[]): RqtError {
  const { options, help } = contextOf(commands, words);
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    const typed =
      words.find(word => word.replace(/^-+/, '').split('=')[0] === unknown) ??
      (unknown.length === 1 ? `-${unknown}` : `--${unknown}`);
    const near = nearestFlag(unknown, options);
    return new RqtError(
      'usage',
      `there is no flag ${quote(typed.split('=')[0] ?? typed)}${near ? `; did you mean ${near}?` : ''} (see ${help})`,
    );
  }
  const needsValue = /^Not enough arguments following: (.+)/.exec(message)?.[1];
  if (needsValue !== undefined) {
    const spec = options.find(({ name, alias }) => name === needsValue || alias === needsValue);
    return new RqtError(
      'usage',
      `--${spec?.name ?? needsValue} needs a value: --${spec?.name ?? needsValue} ${spec?.value ?? 'VALUE'} (see ${help})`,
    );
  }
  return new RqtError('usage', `${message.split('\n')[0]} (see ${help})`);
}

/** The options that the command line may use, and where they are explained. */
function contextOf(commands: readonly Command[], words: readonly string[]) {
  const called = calledBy(commands, words);
  return {
    options: [...(called?.command.options ?? []), ...GLOBAL_OPTIONS],
    help: called ? `rqt ${called.title} --help` : 'rqt --help',
  };
}

function nearestFlag(unknown: string, options: readonly OptionSpec[]): string | null {
  const near = nearest(
    unknown,
    options.map(({ name }) => name),
  );
  return near === null ? null : `--${near}`;
}

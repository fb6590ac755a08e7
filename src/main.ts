import { readFileSync } from 'node:fs';
import { type Command, type CommandLine, GLOBAL_OPTIONS, Options } from './command.ts';
import { exitStatusOf, RqtError } from './errors.ts';
import { readArgv } from './parse/argv.ts';
import { refuseInvalidUtf8 } from './parse/utf8.ts';

/** Every subcommand, loaded when it is called. In the order of help: put in, run, look, control. */
const COMMANDS = {
  enqueue: () => import('./commands/enqueue.ts'),
  worker: () => import('./commands/worker.ts'),
  info: () => import('./commands/info.ts'),
  status: () => import('./commands/status.ts'),
  cancel: () => import('./commands/cancel.ts'),
  empty: () => import('./commands/empty.ts'),
  redis: () => import('./commands/redis.ts'),
} as const satisfies Record<string, () => Promise<{ command: Command }>>;

void main(process.argv.slice(2));

/** The one place where an error becomes an exit status, and a line on stderr. */
async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietlyOnBrokenPipe);
  process.stderr.on('error', endQuietlyOnBrokenPipe);
  try {
    refuseInvalidUtf8(argv, () => readFileSync('/proc/self/cmdline'));
    process.exitCode = await dispatch(argv);
  } catch (error) {
    process.stderr.write(`rqt: ${lineFor(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const plainWords = end < 0 ? [] : argv.slice(end + 1);
  const [name = '', ...rest] = words;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined;
  const command = load && (await load()).command;
  const line = command && readQuickly(command, rest, plainWords);
  if (line) return command.run(line);

  // Help, versions, completion and everything that needs an explanation is yargs's.
  const [{ explain }, commands] = await Promise.all([import('./explain.ts'), loadAll()]);
  const explained = await explain(commands, words, plainWords);
  return explained ? explained.command.run(explained.line) : 0;
}

/** The common, correct command line; null for anything else. */
function readQuickly(command: Command, words: readonly string[], plainWords: readonly string[]): CommandLine | null {
  if (plainWords.length > 0 && !command.takesPlainWords) return null;
  const reading = readArgv(words, [...command.options, ...GLOBAL_OPTIONS], command.words.max);
  if (!reading || reading.positionals.length < command.words.min) return null;
  return { words: reading.positionals, plainWords, options: new Options(reading.options) };
}

async function loadAll(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map(async load => (await load()).command));
}

function lineFor(error: unknown): string {
  if (error instanceof RqtError) return error.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `a bug in rqt, sorry: please report it with this:\n${stack}`;
}

/** `rqt info | head -1` ends when head does. */
function endQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

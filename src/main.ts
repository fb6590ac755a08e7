import { readFileSync } from 'node:fs';
import { type Command, type CommandLine, descend, GLOBAL_OPTIONS, Options } from './command.ts';
import { configure } from './config/configure.ts';
import { EXIT_STATUS, exitStatusOf, RqtError } from './errors.ts';
import { readArgv } from './parse/argv.ts';
import { refuseInvalidUtf8 } from './parse/utf8.ts';

/** Every subcommand, loaded when it is called. In the order of help: put in, run, look, control. */
const COMMANDS = {
  enqueue: () => import('./commands/enqueue.ts'),
  worker: () => import('./commands/worker.ts'),
  cron: () => import('./commands/cron.ts'),
  'worker-pool': () => import('./commands/worker-pool.ts'),
  run: () => import('./commands/run.ts'),
  info: () => import('./commands/info.ts'),
  status: () => import('./commands/status.ts'),
  jobs: () => import('./commands/jobs.ts'),
  result: () => import('./commands/result.ts'),
  logs: () => import('./commands/logs.ts'),
  wait: () => import('./commands/wait.ts'),
  cancel: () => import('./commands/cancel.ts'),
  requeue: () => import('./commands/requeue.ts'),
  delete: () => import('./commands/delete.ts'),
  empty: () => import('./commands/empty.ts'),
  suspend: () => import('./commands/suspend.ts'),
  resume: () => import('./commands/resume.ts'),
  stop: () => import('./commands/stop.ts'),
  kill: () => import('./commands/kill.ts'),
  shutdown: () => import('./commands/shutdown.ts'),
  fsck: () => import('./commands/fsck.ts'),
  selftest: () => import('./commands/selftest.ts'),
  redis: () => import('./commands/redis.ts'),
  config: () => import('./commands/config.ts'),
} as const satisfies Record<string, () => Promise<{ command: Command }>>;

void main(process.argv.slice(2));

/** The one place where an error becomes an exit status, and a line on stderr. */
async function main(argv: readonly string[]): Promise<void> {
  const reader = watchReader();
  try {
    refuseFailpoints();
    refuseInvalidUtf8(argv, () => readFileSync('/proc/self/cmdline'));
    process.exitCode = await dispatch(argv, reader);
  } catch (error) {
    process.stderr.write(`rqt: ${lineFor(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
}

/** A build for tests can be told to die at a named step; this one cannot, and whoever asks for it must not believe that it would. */
function refuseFailpoints(): void {
  if (!__FAILPOINTS__ && process.env.RQT_FAILPOINT)
    throw new RqtError('config', 'RQT_FAILPOINT is for builds that test rqt itself (bin/build.mjs --test): unset it');
}

async function dispatch(argv: readonly string[], reader: Reader): Promise<number> {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const plainWords = end < 0 ? [] : argv.slice(end + 1);
  const [name = '', ...rest] = words;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name as keyof typeof COMMANDS] : undefined;
  const called = load && descend((await load()).command, rest);
  const line = called && readQuickly(called.command, rest.slice(called.wordCount), plainWords);
  if (line) return run(called.command, line, reader);

  // Help, versions, completion and everything that needs an explanation is yargs's.
  const [{ explain }, commands] = await Promise.all([import('./explain.ts'), loadAll()]);
  const explained = await explain(commands, words, plainWords);
  return explained ? run(explained.command, explained.line, reader) : 0;
}

async function run(command: Command, line: CommandLine, reader: Reader): Promise<number> {
  reader.isNeeded = !command.outlivesReader;
  if (command.readsOwnConfiguration) return command.run(line);
  const typed = line.options.words;
  const configured = await configure({ command: command.name, values: typed }, process.env);
  try {
    return await command.run({ ...line, options: new Options(typed, configured) });
  } catch (error) {
    // A file or a directory that a setting names may be missing as well.
    const mayBeConfigured = error instanceof RqtError && (error.code === 'usage' || error.code === 'missing');
    if (!mayBeConfigured || configured.size === 0) throw error;
    const { blameConfiguration } = await import('./config/blame.ts');
    throw blameConfiguration(error, configured);
  }
}

/** The common, correct command line; null for anything else. */
function readQuickly(command: Command, words: readonly string[], plainWords: readonly string[]): CommandLine | null {
  if (command.subcommands) return null;
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

/** Whoever reads stdout. */
interface Reader {
  /** Whether it makes no sense to go on without it. */
  isNeeded: boolean;
}

/** `rqt info | head -1` ends when head does; a command that changes something finishes it first. A full disk is told once, and is 73. */
function watchReader(): Reader {
  const reader: Reader = { isNeeded: true };
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') endWithCannotWrite(error);
    if (reader.isNeeded) process.exit();
  });
  return reader;
}

function endWithCannotWrite(error: Error): void {
  if (process.listenerCount('exit', markCannotWrite) > 0) return;
  // Behind the comma is the system call.
  process.stderr.write(`rqt: standard output cannot be written: ${error.message.replace(/, \w+$/, '')}\n`);
  process.on('exit', markCannotWrite);
}

function markCannotWrite(status: number): void {
  if (status === 0) process.exitCode = EXIT_STATUS.cannotWrite;
}

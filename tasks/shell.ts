import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';

/** Where and with what a command runs: `cwd=/srv/app`, `env:='{"LANG": "C"}'` (added to the worker's own environment). */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, unknown>>;
}

/** What a command that went well returns. What it printed is the job's output. */
export interface CommandResult {
  readonly exitCode: 0;
}

/**
 * Runs a command line through `/bin/sh`: `rqt enqueue shell#run 'du -sh . | tee size.txt' cwd=/srv`.
 *
 * Fails the job when the command ends with another status than 0, or by a signal. Only a worker started with `--allow-shell` runs
 * it: otherwise whoever can write to Redis could run any command on the worker's machine.
 */
export async function run(commandLine: string, options: CommandOptions = {}): Promise<CommandResult> {
  if (typeof commandLine !== 'string' || commandLine.trim() === '') {
    throw new TypeError("a command line is needed: rqt enqueue shell#run 'ls -l | wc -l'");
  }
  return await runProgram(['/bin/sh', '-c', commandLine], commandLine, options);
}

/**
 * Runs a program with its arguments, with no shell to read them: `rqt enqueue shell#exec cp 'my file' /backup`.
 *
 * Fails like {@link run}, and is allowed like it. Arguments are texts or numbers; keyword arguments are {@link CommandOptions}.
 */
export async function exec(program: string, ...words: unknown[]): Promise<CommandResult> {
  if (typeof program !== 'string' || program === '') throw new TypeError('a program is needed: rqt enqueue shell#exec ls -- -l');
  const last = words.at(-1);
  const options = isRecord(last) ? last : {};
  const args = (isRecord(last) ? words.slice(0, -1) : words).map(toArgument);
  return await runProgram([program, ...args], [program, ...args].join(' '), options);
}

async function runProgram(command: readonly string[], shown: string, { cwd, env }: CommandOptions): Promise<CommandResult> {
  refuseUnlessAllowed();
  refuseBadFolder(cwd);
  const [program = '', ...args] = command;
  // Inherited, what the command prints goes where the job's own output goes, and so is kept with the job.
  const child = spawn(program, args, { cwd, env: buildEnvironment(env), stdio: ['ignore', 'inherit', 'inherit'] });
  const end = await new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolveEnd, reject) => {
    child.once('error', cause => reject(new Error(`${shorten(program)} cannot be started: ${cause.message}`, { cause })));
    child.once('exit', (exitCode, signal) => resolveEnd({ exitCode, signal }));
  });
  if (end.signal !== null) {
    throw commandFailure(`killed by ${end.signal}: ${shorten(shown)}`, 128 + (constants.signals[end.signal] ?? 0));
  }
  if (end.exitCode !== 0) throw commandFailure(`exit status ${end.exitCode}: ${shorten(shown)}`, end.exitCode ?? 1);
  return { exitCode: 0 };
}

/** The exit status, as a shell tells it, is what `rqt enqueue --wait` ends with. */
function commandFailure(message: string, exitStatus: number): Error {
  return Object.assign(new Error(message), { [Symbol.for('rqt.exit-status')]: exitStatus });
}

function refuseUnlessAllowed(): void {
  if (process.env.RQT_ALLOW_SHELL === '1') return;
  throw new Error('this worker runs no shell commands; start the worker with --allow-shell to let jobs run any command here');
}

/** Asked first, because a missing folder and a missing program fail to start with the same error. */
function refuseBadFolder(cwd: unknown): void {
  if (cwd === undefined) return;
  if (typeof cwd !== 'string') throw new TypeError('cwd is a path: cwd=/srv/app');
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) throw new Error(`cwd ${resolve(cwd)} is not a directory`);
}

function buildEnvironment(added: unknown): NodeJS.ProcessEnv {
  if (added === undefined) return process.env;
  if (!isRecord(added)) throw new TypeError(`env is an object: env:='{"LANG": "C"}'`);
  return { ...process.env, ...Object.fromEntries(Object.entries(added).map(([name, value]) => [name, toArgument(value)])) };
}

function toArgument(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError(`a program takes texts and numbers, not ${shorten(JSON.stringify(value) ?? String(value))}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

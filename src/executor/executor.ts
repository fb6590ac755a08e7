import { type ChildProcess, fork } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { failpoint } from '../failpoint.ts';
import { readMessage } from './heard.ts';
import { closeWriteEnds, openOutputs, readFrom } from './outputs.ts';
import { isRunning } from './processes.ts';
import type { FromExecutor, Setup, StreamName, ToExecutor } from './protocol.ts';
import { unwatchGroup, watchGroup } from './sentinel.ts';

/** No executor could be started (no processes, files or memory left): the job did not run and can be put back. */
export class ForkError extends Error {
  override readonly name = 'ForkError';
}

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Whoever runs a job on an executor hears from it here. */
export interface ExecutorUser {
  onMessage(message: FromExecutor): void;
  onOutput(stream: StreamName, chunk: Buffer): void | Promise<void>;
  onExit(exit: Exit): void;
}

// Without these, Node's own remarks about its features would become output of a job. Warnings of the task's code pass.
const QUIET = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

/** Jobs in a row follow each other within this. */
const SHORT_REST_MS = 5;

/** One forked executor, seen from its parent: a process group of its own, its channel and its two streams. */
export class Executor {
  readonly pid: number;
  /** Settles when the process has ended. */
  readonly exited: Promise<void>;
  /** The one that runs a job on it, or null. */
  user: ExecutorUser | null = null;
  /** It has said that it is set up. */
  ready = false;
  /** Settles when it is set up, or has ended before. */
  readonly started: Promise<void>;
  #noteStart!: () => void;
  exit: Exit | null = null;
  /** Why it must not get another job, seen from outside, or null. */
  soiled: string | null = null;
  /** How many chunks of output it has delivered: tells whether a pass of the event loop brought any. */
  chunkCount = 0;
  /** Settles when paused output flows again; null while it flows. */
  held: Promise<void> | null = null;
  /** Jobs that it has run. */
  jobCount = 0;
  #idleSince = 0;
  readonly #child: ChildProcess;
  readonly #streams: Record<StreamName, Readable | null>;

  /** Forks. Throws {@link ForkError}. */
  constructor(script: string, setup: Setup, env: Readonly<Record<string, string>> = {}) {
    if (__FAILPOINTS__) failpoint('executor.fork');
    const { child, streams } = start(script, env);
    if (__FAILPOINTS__) failpoint('executor.forked');
    this.#child = child;
    this.#streams = streams;
    // A failed fork and a failed send are told here; the first is seen by its missing pid, the second ends in an exit.
    this.#child.on('error', () => {});
    if (this.#child.pid === undefined) {
      this.abandon();
      throw new ForkError(
        'no executor could be forked: the system has no process or file descriptor left (see ulimit -u, ulimit -n)',
      );
    }
    this.pid = this.#child.pid;
    watchGroup(this.pid);
    if (__FAILPOINTS__) failpoint('executor.watched');
    this.started = new Promise(resolve => {
      this.#noteStart = resolve;
    });
    this.exited = new Promise(resolve => {
      this.#child.once('exit', (status, signal) => {
        this.exit = { status, signal };
        unwatchGroup(this.pid);
        this.#noteStart();
        resolve();
        this.user?.onExit(this.exit);
      });
    });
    this.#child.on('message', message => this.#receive(readMessage(message)));
    this.#listen('stdout');
    this.#listen('stderr');
    this.send({ type: 'setup', setup });
  }

  /** It may get another job. */
  get usable(): boolean {
    return this.exit === null && this.soiled === null;
  }

  /** Its job is over. */
  rest(): void {
    this.user = null;
    this.jobCount += 1;
    this.#idleSince = performance.now();
  }

  /**
   * Whether it still runs, asked of the system: one that ended a moment ago has not been heard of yet, and would take the blame for
   * a job to its grave. Asked only after a while of idleness, so that jobs in a row do not pay for it.
   */
  checkAlive(): boolean {
    return performance.now() - this.#idleSince < SHORT_REST_MS || isRunning(this.pid);
  }

  send(message: ToExecutor): void {
    if (__FAILPOINTS__) failpoint(`message.${message.type}.before`);
    if (this.#child.connected) this.#child.send(message);
    if (__FAILPOINTS__) failpoint(`message.${message.type}.after`);
  }

  /** Hears nothing of it any more: its user is gone and its streams are closed. */
  abandon(): void {
    this.user = null;
    this.soiled ??= 'it was given up';
    this.#streams.stdout?.destroy();
    this.#streams.stderr?.destroy();
    if (this.#child.connected) this.#child.disconnect();
  }

  #receive(message: FromExecutor | null): void {
    if (!message) return;
    if (__FAILPOINTS__) failpoint(`message.${message.type}.received`);
    if (message.type === 'ready') {
      this.ready = true;
      this.#noteStart();
    }
    if (message.type === 'unfit') this.soiled = message.why;
    this.user?.onMessage(message);
  }

  #listen(name: StreamName): void {
    const stream = this.#streams[name];
    stream?.on('data', (chunk: Buffer) => {
      this.chunkCount++;
      if (!this.user) this.soiled ??= 'it wrote something while it had no job';
      const wait = this.user?.onOutput(name, chunk);
      if (wait) this.#hold(wait);
    });
    stream?.on('end', () => {
      this.soiled ??= `its ${name} was closed`;
    });
    stream?.on('error', () => {});
  }

  #hold(wait: Promise<void>): void {
    const streams = [this.#streams.stdout, this.#streams.stderr];
    for (const stream of streams) stream?.pause();
    const held = Promise.allSettled([this.held, wait]).then(() => {
      if (this.held !== held) return;
      this.held = null;
      for (const stream of streams) stream?.resume();
    });
    this.held = held;
  }
}

function start(script: string, env: Readonly<Record<string, string>>): Forked {
  const outputs = openOutputs();
  try {
    const child = fork(script, [], {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', outputs?.stdout.writeFd ?? 'pipe', outputs?.stderr.writeFd ?? 'pipe', 'ipc'],
      execArgv: QUIET,
      env: { ...process.env, ...env },
    });
    const { stdout, stderr } = child;
    return {
      child,
      streams: outputs ? { stdout: readFrom(outputs.stdout), stderr: readFrom(outputs.stderr) } : { stdout, stderr },
    };
  } catch (error) {
    if (outputs) for (const { readFd } of [outputs.stdout, outputs.stderr]) closeSync(readFd);
    throw new ForkError(`no executor could be forked: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    closeWriteEnds(outputs);
  }
}

interface Forked {
  readonly child: ChildProcess;
  readonly streams: Record<StreamName, Readable | null>;
}

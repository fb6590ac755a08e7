import { type ChildProcess, spawn } from 'node:child_process';

/** The processes of rqt that a self-test has started: the program that it is itself. */
export class Children {
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Set<Running>();
  #isOver = false;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#cwd = cwd;
    this.#env = env;
  }

  /** @throws Error when everything was to end. */
  start(args: readonly string[]): Running {
    if (this.#isOver) throw new Error('interrupted');
    const program = [...process.execArgv, process.argv[1] ?? ''];
    const child = spawn(process.execPath, [...program, ...args], {
      cwd: this.#cwd,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A Ctrl-C is for the self-test: it ends them itself.
      detached: true,
    });
    const running = new Running(`rqt ${args[0]}`, child);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** Returns when all have ended. */
  async killAll(): Promise<void> {
    this.#isOver = true;
    const all = [...this.#running];
    for (const running of all) running.kill();
    await Promise.all(all.map(({ ended }) => ended));
  }
}

/** One of them. */
export class Running {
  readonly printed = { stdout: '', stderr: '' };
  readonly ended: Promise<void>;
  status: number | null = null;
  hasEnded = false;
  wasKilled = false;
  readonly #child: ChildProcess;

  constructor(
    readonly name: string,
    child: ChildProcess,
  ) {
    this.#child = child;
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.printed[stream] += text;
      });
    this.ended = new Promise(resolve => {
      const end = (status: number | null, signal: NodeJS.Signals | null) => {
        this.status = status;
        this.wasKilled = signal === 'SIGKILL';
        this.hasEnded = true;
        resolve();
      };
      child.once('close', end);
      child.once('error', error => {
        this.printed.stderr += error.message;
        end(null, null);
      });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** How it ended, and the last of what it said. */
  describeEnd(): string {
    const said = this.printed.stderr.trim().split('\n').at(-1);
    return `it ended with ${this.status ?? (this.wasKilled ? 'SIGKILL' : 'a signal')}${said ? `, and said: ${said}` : ''}`;
  }
}

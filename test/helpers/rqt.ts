import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after } from 'node:test';

const root = join(import.meta.dirname, ...upToRoot());

/** The checkout that is tested, and its launcher. */
export const projectRoot = root;
export const launcher = join(root, 'bin', 'rqt.js');
/** The same with failpoints (src/failpoint.ts): its processes die where `RQT_FAILPOINT` says. */
export const launcherWithFailpoints = join(root, '.build', 'faults', 'bin', 'rqt.js');

/** What a finished `rqt` left. */
export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `rqt`. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string };
  readonly ended: Promise<Ran>;
}

export interface RqtOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string | Buffer;
  readonly program?: string;
}

/** Runs the built binary to its end. */
export function rqt(args: readonly string[], options: RqtOptions = {}): Promise<Ran> {
  return startRqt(args, options).ended;
}

/** Starts the built binary; a test file that ends while it still runs kills it. */
export function startRqt(args: readonly string[], { env = {}, cwd = root, input, program = launcher }: RqtOptions = {}): Running {
  const child = spawn(process.execPath, [program, ...args], { cwd, env: cleanEnv(env), stdio: ['pipe', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', text => {
    printed.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    printed.stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, ...printed }));
  });
  started.add(child);
  child.once('close', () => started.delete(child));
  return { child, printed, ended };
}

const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** The test's environment without what would change rqt's answers. */
export function cleanEnv(extra: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  // No file of the machine or of whoever runs the tests.
  const env: NodeJS.ProcessEnv = { RQT_CONFIG: '/dev/null' };
  for (const [name, value] of Object.entries({ ...process.env, ...extra })) {
    const foreign =
      /^(RQT?_|REDIS_URL$|NO_COLOR$|FORCE_COLOR$|NODE_TEST_CONTEXT$|NODE_OPTIONS$|GITHUB_)/.test(name) && !(name in extra);
    if (!foreign && value !== undefined) env[name] = value;
    if (name === 'RQT_CONFIG' && name in extra && value === undefined) delete env[name];
  }
  return env;
}

/** Test files are bundled into .build/test/<folder>/; the helper rides along in each of them. */
function upToRoot(): string[] {
  const below = import.meta.dirname.split('/').lastIndexOf('.build');
  return import.meta.dirname
    .split('/')
    .slice(below)
    .map(() => '..');
}

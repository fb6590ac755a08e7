import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { after } from 'node:test';
import { cleanEnv, launcher, projectRoot } from './rqt.ts';

/** An `rqt` on a terminal of its own. */
export interface OnTerminal {
  /** What the terminal has shown so far, with its escape sequences. */
  readonly shown: string;
  /** Types: `\x03` is Ctrl-C. */
  type(keys: string): void;
  /** The command's exit status, 128 + n where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Why a test that needs a terminal is skipped: only util-linux's script(1) tells the exit status. */
export const noTerminal: string | false = hasScript() ? false : "there is no script(1) of util-linux's";

/**
 * Starts the built binary on a pseudo-terminal. The shell in between is /bin/sh, whatever `$SHELL` says, and it becomes rqt (exec): a shell that
 * stayed would get the Ctrl-C too, and its end would be taken for rqt's. Without a size the terminal has none, which is 80 columns and 24 rows to rqt.
 */
export function startOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  size?: { readonly rows: number; readonly columns: number },
): OnTerminal {
  const sized = size ? [`stty rows ${size.rows} columns ${size.columns};`] : [];
  const line = [...sized, 'exec', ...[process.execPath, launcher, ...args].map(quote)].join(' ');
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd: projectRoot,
    env: cleanEnv({ SHELL: '/bin/sh', TERM: 'xterm', ...env }),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    shown += text;
  });
  child.stdin.on('error', () => {});
  running.add(child);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', status => {
      running.delete(child);
      resolve(status);
    });
  });
  return {
    get shown() {
      return shown;
    },
    type: keys => child.stdin.write(keys),
    ended,
  };
}

const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function hasScript(): boolean {
  try {
    return execFileSync('script', ['--version']).toString().includes('util-linux');
  } catch {
    return false;
  }
}

import type { Exit } from './executor.ts';

/** One line for a job whose executor ended under it. */
export function describeExit({ status, signal }: Exit): string {
  if (signal === null) return `the task ended its process with exit status ${status} before it returned`;
  if (signal === 'SIGKILL') return 'the executor was killed by SIGKILL (often: out of memory)';
  if (signal === 'SIGABRT') return 'the executor was ended by SIGABRT (process.abort(), or JavaScript ran out of memory)';
  return `the executor was killed by ${signal}`;
}

/** One line for a job that exceeded its limit. */
export function describeTimeout(timeoutMs: number, killed: boolean): string {
  const limit = timeoutMs < 1_000 ? `${timeoutMs} ms` : `${timeoutMs / 1_000} s`;
  return `the task ran longer than its timeout of ${limit}${killed ? ', and had to be killed' : ''}`;
}

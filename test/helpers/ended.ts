import type { EndedExecution } from '../../src/ended-execution.ts';
import type { RunSummary } from '../../src/run-stats.ts';

const START = Date.UTC(2026, 10, 23, 12, 0, 0);

/** An execution that finished after 1.5 s, but for what is said otherwise. */
export function ended(differs: Partial<EndedExecution> = {}): EndedExecution {
  return {
    id: 'job-1',
    queue: 'default',
    task: 'mail#send',
    description: "mail#send('ann')",
    worker: 'w',
    attempt: 1,
    fate: 'finished',
    startedAt: START,
    endedAt: START + 1500,
    reason: null,
    trace: '',
    retryInMs: null,
    ...differs,
  };
}

/** What a run of nothing came to, but for what is said otherwise. */
export function runSummary(differs: Partial<RunSummary> = {}): RunSummary {
  const counts = { finished: 0, failed: 0, stopped: 0, retried: 0, 'put back': 0, lost: 0 };
  return { counts, waiting: 0, totalMs: 2000, slowest: [], failures: [], waitingFailures: [], ...differs };
}

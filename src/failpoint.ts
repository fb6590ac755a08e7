import { appendFileSync, writeFileSync } from 'node:fs';

/**
 * Failpoints: every step at which a process can die has a name, and a test build can be told to die exactly there. In the product
 * `__FAILPOINTS__` is false at build time, so that neither the calls nor this file are in it; write `if (__FAILPOINTS__) failpoint(…)`.
 *
 * - `RQT_FAILPOINT`: the steps to die at, `name` or `name:n` for the n-th time that the process comes there, with commas between them.
 * - `RQT_FAILPOINT_LOG`: a file that gets the name of each step that is passed. Of all processes that share it, an armed step kills one.
 */
export function failpoint(step: string): void {
  if (!plan) return;
  const { armed, passed, log } = plan;
  passed.set(step, (passed.get(step) ?? 0) + 1);
  if (log) appendFileSync(log, `${step}\n`);
  if (armed.get(step) === passed.get(step) && isFirstToDie(step, log)) process.kill(process.pid, 'SIGKILL');
}

// Read now: a task may change the environment of its process.
const plan = __FAILPOINTS__ ? readPlan(process.env) : null;

function readPlan({ RQT_FAILPOINT = '', RQT_FAILPOINT_LOG: log }: NodeJS.ProcessEnv) {
  return { armed: new Map(RQT_FAILPOINT.split(',').map(readStep)), passed: new Map<string, number>(), log };
}

function readStep(text: string): [name: string, nth: number] {
  const [name = '', nth = '1'] = text.split(':');
  return [name, Number(nth)];
}

function isFirstToDie(step: string, log: string | undefined): boolean {
  if (!log) return true;
  try {
    writeFileSync(`${log}.${step}`, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

import type { EndedExecution } from '../ended-execution.ts';
import { durationMs } from '../run-stats.ts';
import { safeLines } from './safe.ts';

/**
 * JUnit XML as Jenkins, GitLab and GitHub's actions read it; it keeps to the schema of Jenkins's xUnit plugin (junit-10.xsd). A test
 * suite is a queue, a test case is a job, an earlier attempt is Surefire's rerun.
 */

/** What becomes one test case. */
export interface JunitCase {
  readonly ended: EndedExecution;
  /** Its place among the cases of its suite: unique, and the same in each run where that can be. */
  readonly name: string;
  /** Earlier attempts that failed, oldest first. */
  readonly reruns: readonly EndedExecution[];
  readonly stdout: string;
  readonly stderr: string;
}

/** What a suite says of its cases. */
export interface SuiteTotals {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  readonly ms: number;
}

export const NO_CASES: SuiteTotals = { tests: 0, failures: 0, errors: 0, skipped: 0, ms: 0 };

/** How a case counts. */
type Verdict = 'passed' | 'failure' | 'error' | 'skipped';

/** A job that will be tried again after this run has failed in it. */
const VERDICTS: Readonly<Record<EndedExecution['fate'], Verdict>> = {
  finished: 'passed',
  failed: 'failure',
  retried: 'failure',
  stopped: 'error',
  'put back': 'skipped',
  lost: 'skipped',
};

export function addToTotals(totals: SuiteTotals, { ended }: JunitCase): SuiteTotals {
  const verdict = VERDICTS[ended.fate];
  return {
    tests: totals.tests + 1,
    failures: totals.failures + (verdict === 'failure' ? 1 : 0),
    errors: totals.errors + (verdict === 'error' ? 1 : 0),
    skipped: totals.skipped + (verdict === 'skipped' ? 1 : 0),
    ms: totals.ms + durationMs(ended),
  };
}

export function sumOf(all: readonly SuiteTotals[]): SuiteTotals {
  const sum = (key: keyof SuiteTotals) => all.reduce((total, one) => total + one[key], 0);
  return { tests: sum('tests'), failures: sum('failures'), errors: sum('errors'), skipped: sum('skipped'), ms: sum('ms') };
}

/** The beginning of the file. */
export function junitOpen(totals: SuiteTotals, totalMs: number): string {
  const { tests, failures, errors } = totals;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes({ name: 'rqt', time: seconds(totalMs), tests, failures, errors })}>\n`;
}

export function junitClose(): string {
  return '</testsuites>\n';
}

/** `startedAt` in epoch milliseconds; the timestamp is UTC. */
export function suiteOpen(queue: string, totals: SuiteTotals, { host, startedAt }: { host: string; startedAt: number }): string {
  const { ms, ...counts } = totals;
  const timestamp = new Date(startedAt).toISOString().slice(0, 19);
  return `  <testsuite${attributes({ name: queue, ...counts, time: seconds(ms), timestamp, hostname: host })}>\n`;
}

export function suiteClose(): string {
  return '  </testsuite>\n';
}

/** One job. Of what it wrote, what the caller gives is all in. */
export function junitCase({ ended, name, reruns, stdout, stderr }: JunitCase): string {
  const { queue, task } = ended;
  const head = attributes({ classname: classNameOf(queue, task), name, time: seconds(durationMs(ended)) });
  const inside = [
    verdictElement(ended),
    ...reruns.map(rerun => rerunElement(rerun, ended)),
    textElement('system-out', stdout),
    textElement('system-err', stderr),
  ].filter(element => element !== '');
  if (inside.length === 0) return `    <testcase${head}/>\n`;
  return `    <testcase${head}>\n${inside.map(element => `      ${element}\n`).join('')}    </testcase>\n`;
}

/** `queue.module`: Jenkins shows what is before the last dot as a package. */
function classNameOf(queue: string, task: string | null): string {
  const module = task?.split('#')[0] ?? '';
  return module === '' ? queue : `${queue}.${module.replaceAll('.', '_')}`;
}

function verdictElement(ended: EndedExecution): string {
  const verdict = VERDICTS[ended.fate];
  if (verdict === 'passed') return '';
  const message = ended.fate === 'retried' ? `${ended.reason ?? ''} (it will be tried again)` : (ended.reason ?? '');
  const head = attributes({ message, type: typeOf(ended) });
  if (verdict === 'skipped') return `<skipped${head}/>`;
  const attempt = ended.attempt > 1 ? `, attempt ${ended.attempt}` : '';
  const text = `${traceOf(ended)}\njob ${ended.id} of queue ${ended.queue}${attempt}`;
  return `<${verdict}${head}>${xmlText(text)}</${verdict}>`;
}

/** An attempt before the last one: a flaky one when the job finished after all. */
function rerunElement(rerun: EndedExecution, last: EndedExecution): string {
  const tag = last.fate === 'finished' ? 'flakyFailure' : 'rerunFailure';
  const head = attributes({ message: rerun.reason ?? '', type: typeOf(rerun) });
  return `<${tag}${head}><stackTrace>${xmlText(traceOf(rerun))}</stackTrace></${tag}>`;
}

function traceOf({ reason, trace }: EndedExecution): string {
  return trace === '' ? (reason ?? '') : trace;
}

/** The name of the error class where the reason begins with one, else how the job ended. */
function typeOf({ fate, reason }: EndedExecution): string {
  return /^([A-Za-z_$][\w$.]*): /.exec(reason ?? '')?.[1] ?? fate;
}

function textElement(tag: string, text: string): string {
  return text === '' ? '' : `<${tag}>${xmlText(text)}</${tag}>`;
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlText(String(value)).replace(/[\t\n]/g, found => `&#${found.charCodeAt(0)};`)}"`)
    .join('');
}

/** Text as XML 1.0 takes it, escaped for elements and attributes. */
export function xmlText(text: string): string {
  return xmlClean(text).replace(/[&<>"']/g, found => ENTITIES[found] ?? found);
}

/**
 * Text without what XML 1.0 cannot say: escape sequences are gone, other control characters, lone surrogates, U+FFFE and U+FFFF are
 * shown (`\x00`, `\ud800`, `\ufffe`).
 */
export function xmlClean(text: string): string {
  return safeLines(text, false)
    .join('\n')
    .replace(/[\ufffe\uffff]/g, found => `\\u${found.charCodeAt(0).toString(16)}`);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

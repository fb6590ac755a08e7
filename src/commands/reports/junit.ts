import { closeSync, openSync, readSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { EndedExecution } from '../../ended-execution.ts';
import type { StreamName } from '../../model.ts';
import * as junit from '../../view/junit.ts';
import { cannotWrite, ReportTrouble } from './file.ts';

/** Names are told apart up to this number of them; above it, every case has its job's id in its name. */
const MOST_NAMES = 10_000;
const LONGEST_NAME = 300;
/** Jobs between two attempts of which earlier errors are kept, and how many errors of each. */
const MOST_RERUN = 1000;
const MOST_RERUNS = 5;

interface Suite {
  readonly spool: number;
  readonly names: Set<string>;
  readonly startedAt: number;
  totals: junit.SuiteTotals;
}

type Output = Readonly<Record<StreamName, string>>;

/**
 * Writes a JUnit file. What a suite says first, its counts, is known last: cases wait in a nameless file per queue, and the file itself
 * appears whole, at the end.
 */
export class JunitFile {
  readonly #path: string;
  readonly #trouble: ReportTrouble;
  readonly #beganAt = performance.now();
  readonly #suites = new Map<string, Suite>();
  /** Earlier attempts of jobs that will be tried again; the last of them may be the job's last word here. */
  readonly #waiting = new Map<string, { readonly attempts: readonly EndedExecution[]; readonly output: Output }>();

  /** @throws RqtError `cannotWrite`, before any job is run */
  constructor(path: string, firstQueue: string) {
    this.#path = path;
    this.#trouble = new ReportTrouble('--junit', path);
    try {
      this.#suites.set(firstQueue, newSuite(targetOf(path)));
    } catch (error) {
      throw cannotWrite('--junit', path, error);
    }
  }

  get isBroken(): boolean {
    return this.#trouble.happened;
  }

  add(ended: EndedExecution, output: Output): void {
    const earlier = this.#waiting.get(ended.id)?.attempts ?? [];
    if (ended.fate === 'retried') {
      if (earlier.length === 0 && this.#waiting.size >= MOST_RERUN) this.#write(ended, [], output);
      else this.#waiting.set(ended.id, { attempts: [...earlier, ended].slice(-MOST_RERUNS), output });
      return;
    }
    this.#waiting.delete(ended.id);
    this.#write(ended, earlier, output);
  }

  /** Jobs that wait for another try have failed as far as this run knows. */
  end(): void {
    for (const { attempts, output } of this.#waiting.values()) {
      const last = attempts.at(-1);
      if (last) this.#write(last, attempts.slice(0, -1), output);
    }
    this.#trouble.guard(() => this.#assemble(), { atEnd: true });
    this.close();
  }

  close(): void {
    for (const { spool } of this.#suites.values()) closeSync(spool);
    this.#suites.clear();
  }

  #write(ended: EndedExecution, reruns: readonly EndedExecution[], output: Output): void {
    this.#trouble.guard(() => {
      const suite = this.#suiteOf(ended.queue);
      const one = { ended, name: nameIn(suite, ended), reruns, ...output };
      writeFileSync(suite.spool, junit.junitCase(one));
      suite.totals = junit.addToTotals(suite.totals, one);
    });
  }

  #suiteOf(queue: string): Suite {
    const known = this.#suites.get(queue);
    if (known) return known;
    const suite = newSuite(targetOf(this.#path));
    this.#suites.set(queue, suite);
    return suite;
  }

  #assemble(): void {
    const target = targetOf(this.#path);
    const temporary = target.isFile ? openTemporary(target.path) : { fd: openSync(target.path, 'w'), path: null };
    try {
      this.#writeAll(temporary.fd);
      if (temporary.path !== null) renameSync(temporary.path, target.path);
    } catch (error) {
      if (temporary.path !== null) rmSync(temporary.path, { force: true });
      throw error;
    } finally {
      closeSync(temporary.fd);
    }
  }

  #writeAll(fd: number): void {
    const suites = [...this.#suites].filter(([, { totals }]) => totals.tests > 0);
    const totals = junit.sumOf(suites.map(([, suite]) => suite.totals));
    writeFileSync(fd, junit.junitOpen(totals, Math.round(performance.now() - this.#beganAt)));
    for (const [queue, { totals, startedAt, spool }] of suites) {
      writeFileSync(fd, junit.suiteOpen(queue, totals, { host: hostname(), startedAt }));
      copyAll(spool, fd);
      writeFileSync(fd, junit.suiteClose());
    }
    writeFileSync(fd, junit.junitClose());
  }
}

/** The call as a person knows it. A second one of the same name has its job's id beside it: GitLab shows one case of a name. */
function nameIn({ names }: Suite, { id, description, attempt }: EndedExecution): string {
  const name = description === '' ? id : description.slice(0, LONGEST_NAME);
  if (!names.has(name) && names.size < MOST_NAMES) {
    names.add(name);
    return name;
  }
  return attempt > 1 ? `${name} (${id}, attempt ${attempt})` : `${name} (${id})`;
}

/** Where the report goes. A device or a pipe is written to as it is; anything else is replaced. */
interface Target {
  readonly path: string;
  readonly isFile: boolean;
}

function targetOf(path: string): Target {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return { path, isFile: true };
  if (found.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  return found.isFile() ? { path: realpathSync(path), isFile: true } : { path, isFile: false };
}

function newSuite({ path, isFile }: Target): Suite {
  const { fd, path: spoolPath } = openTemporary(isFile ? path : join(tmpdir(), basename(path)));
  // The open file lives on without its name: a worker that is killed leaves nothing behind.
  rmSync(spoolPath);
  return { spool: fd, names: new Set(), startedAt: Date.now(), totals: junit.NO_CASES };
}

/** A new file beside another one, so that it can take its name. */
function openTemporary(path: string): { fd: number; path: string } {
  const own = join(dirname(path), `.${basename(path).slice(0, 100)}.${crypto.randomUUID()}`);
  return { fd: openSync(own, 'wx+'), path: own };
}

function copyAll(from: number, to: number): void {
  const buffer = Buffer.alloc(64 * 1024);
  for (let at = 0; ; ) {
    const count = readSync(from, buffer, 0, buffer.length, at);
    if (count === 0) return;
    writeFileSync(to, buffer.subarray(0, count));
    at += count;
  }
}

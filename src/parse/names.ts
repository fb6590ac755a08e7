import { RqtError } from '../errors.ts';
import { quote } from './quote.ts';

const MAX_NAME_BYTES = 200;
const MAX_ID_LENGTH = 512;
const MAX_TASK_BYTES = 512;

/** A job id, unchanged: RQ's `[A-Za-z0-9_-]+`, at most 512 characters. @throws RqtError `usage`. */
export function parseJobId(text: string): string {
  if (text === '') throw refuse('the job id is empty', 'an id is letters, digits, _ and -, such as nightly-backup');
  if (!/^[A-Za-z0-9_-]+$/.test(text)) {
    throw refuse(`job id ${quote(text)} has other characters than letters, digits, _ and -`, 'write for example nightly-backup');
  }
  if (text.length > MAX_ID_LENGTH) throw refuse(`job id ${quote(text)} is longer than ${MAX_ID_LENGTH} characters`, 'shorten it');
  return text;
}

/** The name of an entry of `rqt cron`, unchanged: as a job id, which it becomes a part of, at most 200 characters. @throws RqtError `usage`. */
export function parseCronName(text: string): string {
  if (text === '') throw refuse('the name is empty', 'write for example nightly-backup');
  if (!/^[A-Za-z0-9_-]+$/.test(text)) {
    throw refuse(`name ${quote(text)} has other characters than letters, digits, _ and -`, 'write for example nightly-backup');
  }
  if (text.startsWith('-')) throw refuse(`name ${quote(text)} begins with -`, 'write for example nightly-backup');
  if (text.length > MAX_NAME_BYTES) throw refuse(`name ${quote(text)} is longer than ${MAX_NAME_BYTES} characters`, 'shorten it');
  return text;
}

/**
 * A queue's name, unchanged: any Unicode without a comma (RQ joins names with it), white space and control characters, at
 * most 200 bytes. @throws RqtError `usage`.
 */
export function parseQueueName(text: string): string {
  return parseName(text, 'queue name', 'high');
}

/** A worker's name, unchanged, under the rules of {@link parseQueueName}. @throws RqtError `usage`. */
export function parseWorkerName(text: string): string {
  return parseName(text, 'worker name', 'host1.ci');
}

/** A group's name, unchanged, under the rules of {@link parseQueueName}. @throws RqtError `usage`. */
export function parseGroupName(text: string): string {
  return parseName(text, 'group name', 'import-2027');
}

function parseName(text: string, what: string, example: string): string {
  if (text === '') throw refuse(`the ${what} is empty`, `write for example ${example}`);
  const problem = findNameProblem(text);
  if (problem !== null) throw refuse(`${what} ${quote(text)} ${problem}`, `write for example ${example}`);
  return text;
}

function findNameProblem(text: string): string | null {
  if (text.includes(',')) return 'has a comma';
  if (/\s/.test(text)) return 'has a space';
  if (hasUnseen(text)) return 'has a control character';
  return Buffer.byteLength(text) > MAX_NAME_BYTES ? `is longer than ${MAX_NAME_BYTES} bytes` : null;
}

/**
 * What a job calls, unchanged: `module#fn`, the module being a path inside the task roots (`hello#hello`,
 * `mail/daily#send`), or Python's dotted `pkg.mod.fn`.
 *
 * Absolute paths, `..`, `.` and anything with a colon (`node:fs`, `file:…`) are refused here already, so that a job that no
 * worker would ever run is never enqueued. @throws RqtError `usage`.
 */
export function parseTaskName(text: string): string {
  if (text === '') throw refuse('the task is empty', EXAMPLE);
  if (/\s/.test(text) || hasUnseen(text)) throw refuseTask(text, 'has a space or a control character');
  if (Buffer.byteLength(text) > MAX_TASK_BYTES) throw refuseTask(text, `is longer than ${MAX_TASK_BYTES} bytes`);
  const [module = '', fn, ...more] = text.split('#');
  if (more.length > 0) throw refuseTask(text, 'has more than one #');
  if (fn === undefined) return parseDotted(text);
  refuseBadModule(text, module);
  if (!IDENTIFIER.test(fn))
    throw refuseTask(text, fn === '' ? 'names no function after the #' : 'has no function name after the #');
  return text;
}

/** Python's `pkg.mod.fn`. What looks like a file or a bare module gets the hint to write its function. */
function parseDotted(text: string): string {
  const isFile = /\.[cm]?[jt]s$/.test(text);
  if (!isFile && /\./.test(text) && text.split('.').every(part => IDENTIFIER.test(part))) return text;
  const module = text.replace(/\.[cm]?[jt]s$/, '').replace(/^(\.?\/)+/, '');
  const fn = module.split('/').at(-1) ?? '';
  if (!IDENTIFIER.test(fn) || findModuleProblem(module) !== null) throw refuseTask(text, 'names no function');
  throw refuse(`task ${quote(text)} names no function`, `did you mean ${module}#${fn}?`);
}

function refuseBadModule(text: string, module: string): void {
  const problem = findModuleProblem(module);
  if (problem !== null) throw refuseTask(text, problem);
}

function findModuleProblem(module: string): string | null {
  if (module === '') return 'names no module before the #';
  if (module.startsWith('/')) return 'is an absolute path; tasks are found in the task roots of the worker';
  if (module.includes(':')) return 'has a colon; built-in modules and URLs are no tasks';
  if (module.includes('\\')) return 'has a backslash; separate folders with /';
  const parts = module.split('/');
  if (parts.includes('..')) return 'leaves the task roots with ..';
  if (parts.includes('.')) return 'has a . in its path; leave the ./ away';
  return parts.includes('') ? 'has an empty part in its path' : null;
}

const EXAMPLE = 'write module#fn, for example hello#hello';
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * Control characters, lone surrogates, invisible marks and those that turn the direction of writing: never part of a name. To build the
 * second pattern takes V8 longer than all the rest of reading a command line.
 */
function hasUnseen(text: string): boolean {
  return !/^[\x20-\x7e]*$/.test(text) && /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]/u.test(text);
}

function refuseTask(text: string, problem: string): RqtError {
  return refuse(`task ${quote(text)} ${problem}`, EXAMPLE);
}

function refuse(problem: string, remedy: string): RqtError {
  return new RqtError('usage', `${problem}; ${remedy}`);
}

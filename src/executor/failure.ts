import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { Failure } from './protocol.ts';
import { TaskRefusal } from './refusal.ts';

/** Bounds of what is kept of a failure: characters of its reason and of its trace, depth of its causes, errors of an aggregate. */
const MOST = { reason: 500, trace: 16_384, depth: 8, errors: 10 };

/**
 * Makes something thrown into a {@link Failure}. `how` is put before the reason (`uncaught exception`).
 * Whatever was thrown, this does not throw: errors may have getters that do, causes in circles, or no stack.
 */
export function describeThrown(thrown: unknown, how = ''): Failure {
  const prefix = how === '' ? '' : `${how}: `;
  if (isRefusal(thrown)) return { reason: prefix + thrown.message, trace: '' };
  if (isError(thrown) && isOfShippedTask(thrown))
    return { reason: cut(prefix + shippedTitle(thrown).replace(/\s*\n\s*/g, ' '), MOST.reason), trace: '' };
  const reason = cut(firstLine(prefix + titleOf(thrown)), MOST.reason);
  const trace = cut(traceOf(thrown, 0, new Set()), MOST.trace);
  return { reason, trace: trace === reason ? '' : trace };
}

/** A TypeError says that the task was called wrongly; what others are called says nothing to its user. */
function shippedTitle(error: Error): string {
  return error instanceof TypeError ? titleOf(error) : messageOf(error);
}

function titleOf(thrown: unknown): string {
  if (!isError(thrown))
    return `thrown: ${safely(() => inspect(thrown, { depth: 2, breakLength: Infinity, customInspect: false }), UNREADABLE)}`;
  const name = safely(() => String(thrown.name), '') || 'Error';
  const message = messageOf(thrown);
  return message === '' ? name : `${name}: ${message}`;
}

function messageOf(error: Error): string {
  return safely(() => String(error.message), UNREADABLE);
}

/** Thrown in rqt's own tasks alone: their messages say it all, and nobody can do anything with their lines. */
function isOfShippedTask(error: Error): boolean {
  const frames = ownStack(error).split('\n').filter(isFrame);
  return messageOf(error) !== '' && frames.length > 0 && frames.every(line => SHIPPED.some(part => line.includes(part)));
}

/** The stack without rqt's, Node's and the loader's own frames, then the causes and the errors of an aggregate. */
function traceOf(thrown: unknown, depth: number, seen: Set<unknown>): string {
  if (!isError(thrown)) return depth === 0 ? '' : titleOf(thrown);
  if (seen.has(thrown) || depth > MOST.depth) return `${titleOf(thrown)} (again)`;
  seen.add(thrown);
  const parts = [ownStack(thrown)];
  const cause = safely(() => thrown.cause, undefined);
  if (cause !== undefined) parts.push(`cause: ${traceOf(cause, depth + 1, seen)}`);
  const errors = safely(() => ('errors' in thrown && Array.isArray(thrown.errors) ? [...thrown.errors] : []), []);
  for (const error of errors.slice(0, MOST.errors)) parts.push(`error: ${traceOf(error, depth + 1, seen)}`);
  if (errors.length > MOST.errors) parts.push(`and ${errors.length - MOST.errors} more errors`);
  return parts.join('\n');
}

function ownStack(error: Error): string {
  const stack = safely<unknown>(() => error.stack, undefined);
  if (typeof stack !== 'string' || stack === '') return titleOf(error);
  return stack
    .split('\n')
    .filter(line => !isFrame(line) || !FOREIGN.some(part => line.includes(part)))
    .map(line => (isFrame(line) ? withoutWrongColumn(line, error) : line))
    .join('\n');
}

/** The TypeScript loader keeps lines, not columns: those are of what it made. Only where it found a syntax error, which the message tells, they are the source's. */
function withoutWrongColumn(frame: string, error: Error): string {
  const [, place = '', column = '', end = ''] = TRANSPILED_FRAME.exec(frame) ?? [];
  if (place === '') return frame;
  return messageOf(error).endsWith(`${place.slice(place.indexOf('/'))}${column})`) ? frame : place + end;
}

/** What Node loads itself as an ES module has an address, `file:///…`. */
const TRANSPILED_FRAME = /^( {4}at (?:.*\(|async )?\/.*\.(?:[cm]?ts|mjs):\d+)(:\d+)(\)?)$/;

function isFrame(line: string): boolean {
  return line.startsWith('    at ');
}

// Bundled, this module is the executor's one script.
const FOREIGN = [import.meta.url, 'node:internal', '(node:events:', '/node_modules/jiti/', '(<anonymous>)'];

/** The tasks that ship with rqt: built ones, and their sources, which a worker finds first in rqt's own folder. */
const SHIPPED = [new URL('./tasks/', import.meta.url).href, fileURLToPath(new URL('../tasks/', import.meta.url))];

function isRefusal(thrown: unknown): thrown is TaskRefusal {
  return safely(() => thrown instanceof TaskRefusal, false);
}

function isError(thrown: unknown): thrown is Error {
  return safely(() => thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]', false);
}

const UNREADABLE = '(unreadable)';

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trimEnd() ?? '';
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} […]`;
}

function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

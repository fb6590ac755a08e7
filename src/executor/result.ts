import { types } from 'node:util';
import { formatBytes } from '../bytes.ts';
import { writeJson } from '../parse/exact-json.ts';

/** A result as it is kept: JSON, or why there is none. */
export interface Kept {
  readonly resultJson: string | null;
  readonly absent: string | null;
}

/**
 * Makes a task's return value into JSON. What JSON would lose or refuse (Map, bytes, cycles, …) makes it absent, with
 * one line that says why and where; what it merely shortens (dates, undefined properties) goes its way. BigInt and NaN are written as
 * Python writes them.
 */
export function keepResult(value: unknown, maxBytes: number): Kept {
  if (value === undefined || value === null) return NOTHING;
  try {
    const problem = findProblem(value, []);
    if (problem !== null)
      return absent(problem.path === '' ? `the result is ${problem.what}` : `the result has ${problem.what} at ${problem.path}`);
    const json = writeJson(value) ?? 'null';
    const bytes = Buffer.byteLength(json);
    if (bytes > maxBytes) return absent(`the result is ${formatBytes(bytes)}, over the cap of ${formatBytes(maxBytes)}`);
    return { resultJson: json, absent: null };
  } catch (error) {
    return absent(`the result is not JSON: ${messageOf(error)}`);
  }
}

const NOTHING: Kept = { resultJson: 'null', absent: null };

interface Problem {
  readonly what: string;
  readonly path: string;
}

/** Looks through the value as JSON.stringify will. `above` are the objects that hold this one. */
function findProblem(value: unknown, above: object[]): Problem | null {
  if (typeof value === 'function' || typeof value === 'symbol') return here(`a ${typeof value}`);
  if (typeof value !== 'object' || value === null) return null;
  const kind = kindOf(value);
  if (kind !== null) return here(kind);
  if (above.includes(value)) return here('a circle');
  // What it turns into is its own business; JSON.stringify will say if that is no JSON.
  if ('toJSON' in value && typeof value.toJSON === 'function') return null;
  above.push(value);
  const problem = Array.isArray(value) ? findInArray(value, above) : findInObject(value as Record<string, unknown>, above);
  above.pop();
  return problem;
}

function findInArray(items: readonly unknown[], above: object[]): Problem | null {
  for (let index = 0; index < items.length; index++) {
    const problem = findProblem(items[index], above);
    if (problem) return { what: problem.what, path: `[${index}]${problem.path}` };
  }
  return null;
}

function findInObject(object: Readonly<Record<string, unknown>>, above: object[]): Problem | null {
  for (const name of Object.keys(object)) {
    const problem = findProblem(object[name], above);
    if (problem)
      return { what: problem.what, path: `${/^[\w$]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`}${problem.path}` };
  }
  return null;
}

/** Things that JSON would make into `{}` or worse. */
function kindOf(value: object): string | null {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null)
    return isThenable(value) ? 'a Promise' : null;
  if (Buffer.isBuffer(value)) return 'a Buffer';
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value))
    return `bytes (${Object.prototype.toString.call(value).slice(8, -1)})`;
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  return isThenable(value) ? 'a Promise' : null;
}

function isThenable(value: object): boolean {
  return 'then' in value && typeof value.then === 'function';
}

function here(what: string): Problem {
  return { what, path: '' };
}

function absent(why: string): Kept {
  return { resultJson: null, absent: why };
}

function messageOf(error: unknown): string {
  try {
    return String((error as Error).message).split('\n', 1)[0] ?? '';
  } catch {
    return 'it cannot be read';
  }
}

import { types } from 'node:util';
import type { TaskName } from './find.ts';
import { TaskRefusal } from './refusal.ts';

/** What a task is. */
export type TaskFunction = (...args: readonly unknown[]) => unknown;

/** Takes the function out of a loaded module: an export of its own, or a property of what a CommonJS module exports. Throws {@link TaskRefusal}. */
export function pickFunction(module: object, { fn }: TaskName, file: string): TaskFunction {
  const all = exportsOf(module);
  if (!all.has(fn)) throw new TaskRefusal(`${file} has no export ${JSON.stringify(fn)}; ${listFunctions(all, fn)}`);
  const found = all.get(fn);
  if (typeof found !== 'function') throw new TaskRefusal(`${file}#${fn} is ${kindOf(found)}, not a function`);
  if (types.isGeneratorFunction(found))
    throw new TaskRefusal(
      `${file}#${fn} is a generator function (function*): a call runs nothing of it; make it a function that does the work`,
    );
  return found as TaskFunction;
}

function exportsOf(module: object): Map<string, unknown> {
  const fallback = readOwn(module, 'default');
  const inner = (typeof fallback === 'object' || typeof fallback === 'function') && fallback !== null ? fallback : {};
  const all = new Map<string, unknown>();
  for (const owner of [inner, module]) {
    for (const name of Object.getOwnPropertyNames(owner)) all.set(name, readOwn(owner, name));
  }
  // What every function has is no export.
  for (const name of NO_EXPORTS) all.delete(name);
  return all;
}

const NO_EXPORTS = ['__proto__', 'constructor', 'prototype', 'caller', 'arguments', 'module.exports', '__esModule'];

function readOwn(owner: object, name: string): unknown {
  try {
    return Object.hasOwn(owner, name) ? (owner as Readonly<Record<string, unknown>>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function listFunctions(all: ReadonlyMap<string, unknown>, wanted: string): string {
  const names = [...all].filter(([, value]) => typeof value === 'function').map(([name]) => name);
  if (names.length === 0) return 'it exports no function';
  names.sort((a, b) => distance(a, wanted) - distance(b, wanted) || (a < b ? -1 : 1));
  return `its functions are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}

/** How many characters to insert, delete or replace to get from one to the other (Levenshtein), whatever their case. */
function distance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase().slice(0, 64), to.toLowerCase().slice(0, 64)];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`;
}

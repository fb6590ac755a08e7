import { RqtError } from '../errors.ts';
import { MAX_DIGITS, readJson } from './exact-json.ts';
import { quote } from './quote.ts';

/**
 * The value of a JSON text, kept exactly or not at all: an integer beyond 2^53 is a bigint.
 *
 * Refused besides invalid JSON: a number that no reader would keep (`1e999`, an integer of more than 4,300 digits) and nesting
 * deeper than 500 levels, which Python's reader would refuse as well. `what` names the argument: `argument 2`, `keyword 'n'`; `example` is one
 * that is right, quoted for a shell.
 *
 * @throws RqtError `data`, saying where in the text.
 */
export function parseJson(text: string, what: string, example: string): unknown {
  const flaw = findJsonFlaw(text);
  if (flaw !== null) throw refuse(text, what, flaw, remedyWith(example));
  try {
    return readJson(text);
  } catch (cause) {
    throw new RqtError('data', `${what} is not JSON; ${remedyWith(example)}`, { cause });
  }
}

/** The first thing in a text that keeps it from being JSON that is read exactly: what, and at which index. */
export interface JsonFlaw {
  readonly kind: 'syntax' | 'end' | 'number' | 'depth';
  readonly at: number;
}

/** The first {@link JsonFlaw} of a text, or null. One pass, without recursion. */
export function findJsonFlaw(text: string): JsonFlaw | null {
  const closers: string[] = [];
  let expected: Expected = 'value';
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const char = text.charAt(at);
    const isClose = char === closers.at(-1) && (expected === 'next' || expected === 'first item' || expected === 'first key');
    if (isClose) {
      closers.pop();
      expected = 'next';
      at += 1;
    } else if (expected === 'next' || expected === 'colon') {
      if (char !== (expected === 'colon' ? ':' : ',') || closers.length === 0) return { kind: 'syntax', at };
      expected = expected === 'next' && closers.at(-1) === '}' ? 'key' : 'value';
      at += 1;
    } else if (expected === 'key' || expected === 'first key') {
      const end = char === '"' ? findStringEnd(text, at) : -1;
      if (end < 0) return { kind: 'syntax', at };
      expected = 'colon';
      at = end;
    } else if (char === '[' || char === '{') {
      if (closers.length === MAX_DEPTH) return { kind: 'depth', at };
      closers.push(char === '[' ? ']' : '}');
      expected = char === '[' ? 'first item' : 'first key';
      at += 1;
    } else {
      const end = findScalarEnd(text, at);
      if (end < 0) return { kind: 'syntax', at };
      if (char !== '"' && !isExact(text.slice(at, end))) return { kind: 'number', at };
      expected = 'next';
      at = end;
    }
    at = skipSpace(text, at);
  }
  return expected === 'next' && closers.length === 0 ? null : { kind: 'end', at: text.length };
}

type Expected = 'value' | 'first item' | 'key' | 'first key' | 'colon' | 'next';
const MAX_DEPTH = 500;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function skipSpace(text: string, from: number): number {
  let at = from;
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) at += 1;
  return at;
}

function findScalarEnd(text: string, at: number): number {
  if (text.charAt(at) === '"') return findStringEnd(text, at);
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : -1;
}

/** The index after the closing quote of the string that opens at `open`, or -1. */
function findStringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return -1;
    if (code === 0x5c) {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) return -1;
      at = ESCAPE.lastIndex - 1;
    }
  }
  return -1;
}

/** Whether a number survives being read and written again. A fraction is a double in every reader; digits of an integer count. */
function isExact(token: string): boolean {
  if (!/^-?\d/.test(token)) return true;
  return /^-?\d+$/.test(token) ? token.replace('-', '').length <= MAX_DIGITS : Number.isFinite(Number(token));
}

function remedyWith(example: string): string {
  return `write for example ${example}, in single quotes`;
}

function refuse(text: string, what: string, { kind, at }: JsonFlaw, remedy: string): RqtError {
  const near = quote(text.slice(at, at + 20), 20);
  switch (kind) {
    case 'number':
      return new RqtError(
        'data',
        `${what} has a number that cannot be kept exactly, ${near} ${place(text, at)}; pass it as a string, "…"`,
      );
    case 'depth':
      return new RqtError(
        'data',
        `${what} is nested deeper than ${MAX_DEPTH} levels ${place(text, at)}; pass it as text and parse it in the task`,
      );
    case 'end':
      return new RqtError('data', `${what} is not JSON: ${quote(text)} ends too early; ${remedy}`);
    case 'syntax':
      return new RqtError('data', `${what} is not JSON: ${quote(text)} goes wrong ${place(text, at)}, ${near}; ${remedy}`);
  }
}

function place(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return before.length === 1 ? `at character ${column}` : `at line ${before.length}, character ${column}`;
}

import type { Call } from '../model.ts';
import { escapeUnprintable, reprText } from './quote.ts';

const MAX_ARGUMENT_CHARS = 75;
const MAX_DESCRIPTION_BYTES = 512;

/**
 * The description of a call, as RQ's `get_call_string` writes it and its log, `rq info` and dashboards show it:
 * `mail#send('hello', [1, None], x='1')`. Values as Python's `repr`, cut at 75 characters each, keywords sorted.
 *
 * Different from RQ: control characters are escaped in names too, and the whole is cut at 512 bytes.
 */
export function describeCall(call: Call): string {
  const args = call.args.map(reprCut);
  const kwargs = Object.keys(call.kwargs).map(key => `${key}=${reprCut(call.kwargs[key])}`);
  const text = `${call.task}(${[...args, ...kwargs.sort()].join(', ')})`;
  return cutBytes(PRINTABLE.test(text) ? text : escapeUnprintable(text));
}

const PRINTABLE = /^[\x20-\x7e]*$/;

function reprCut(value: unknown): string {
  const pieces: string[] = [];
  write(value, { pieces, length: 0 });
  const text = pieces.join('');
  if (text.length <= MAX_ARGUMENT_CHARS) return text;
  const chars = Array.from(text.slice(0, 2 * MAX_ARGUMENT_CHARS + 2));
  return chars.length > MAX_ARGUMENT_CHARS ? `${chars.slice(0, MAX_ARGUMENT_CHARS).join('')}...` : text;
}

interface Sink {
  readonly pieces: string[];
  /** In UTF-16 units. */
  length: number;
}

/** Beyond this nothing can be visible, whatever it is: a character is at most two units. */
const ENOUGH = 2 * MAX_ARGUMENT_CHARS + 2;

function write(value: unknown, sink: Sink): void {
  if (sink.length > ENOUGH) return;
  if (Array.isArray(value)) writeItems(value.entries(), ['[', ']'], sink);
  else if (value instanceof Uint8Array) add(reprBytes(value), sink);
  else if (value instanceof Set && value.size === 0) add('set()', sink);
  else if (value instanceof Set) writeItems([...value].entries(), ['{', '}'], sink);
  else if (value instanceof Map) writeItems(pairsOf(value), ['{', '}'], sink);
  else if (typeof value === 'object' && value !== null) writeItems(Object.entries(value), ['{', '}'], sink);
  else add(reprScalar(value), sink);
}

/** Keys as they are written: a name of a number would be an index. */
function* pairsOf(map: ReadonlyMap<unknown, unknown>): Generator<[Written, unknown]> {
  for (const [key, value] of map) {
    const pieces: string[] = [];
    write(key, { pieces, length: 0 });
    yield [{ written: pieces.join('') }, value];
  }
}

interface Written {
  readonly written: string;
}

/** A number is an index, and is not written. */
type Key = string | number | Written;

function writeItems(entries: Iterable<[Key, unknown]>, [open, close]: readonly [string, string], sink: Sink): void {
  add(open, sink);
  let isFirst = true;
  for (const [key, item] of entries) {
    if (sink.length > ENOUGH) return;
    if (!isFirst) add(', ', sink);
    isFirst = false;
    if (typeof key !== 'number') add(`${typeof key === 'string' ? reprStart(key) : key.written}: `, sink);
    write(item, sink);
  }
  add(close, sink);
}

function add(piece: string, sink: Sink): void {
  sink.pieces.push(piece);
  sink.length += piece.length;
}

function reprScalar(value: unknown): string {
  if (typeof value === 'string') return reprStart(value);
  if (typeof value === 'number') return reprNumber(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return 'None';
}

function reprBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  const chars = [...bytes.subarray(0, ENOUGH)].map(byte => {
    const char = String.fromCharCode(byte);
    if (char === quote || char === '\\') return `\\${char}`;
    return ESCAPES[char] ?? (byte >= 0x20 && byte < 0x7f ? char : `\\x${byte.toString(16).padStart(2, '0')}`);
  });
  return `b${quote}${chars.join('')}${quote}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The repr of a long text needs only its start; which quotes Python takes depends on all of it. */
function reprStart(text: string): string {
  if (text.length <= ENOUGH) return reprText(text);
  const takesDouble = text.includes("'") && !text.includes('"');
  const start = reprText(`${text.slice(0, ENOUGH)}${takesDouble ? "'" : '"'}`);
  return start.slice(0, -1);
}

/** A number as Python prints what the JSON text of it reads as. */
function reprNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace('Infinity', 'inf').replace('NaN', 'nan');
  const isTiny = value !== 0 && Math.abs(value) < 1e-4;
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
  return (isTiny || isLarge ? value.toExponential() : JSON.stringify(value)).replace(/e([+-])(\d)$/, 'e$10$2');
}

function cutBytes(text: string): string {
  if (Buffer.byteLength(text) <= MAX_DESCRIPTION_BYTES) return text;
  const head = Buffer.from(text)
    .subarray(0, MAX_DESCRIPTION_BYTES - 3)
    .toString('utf8');
  return `${head.replace(/\ufffd$/, '')}...`;
}

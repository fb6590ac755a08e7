import { runPickle } from './machine.ts';
import {
  Budget,
  CONTAINER_UNITS,
  Dict,
  foreign,
  List,
  Members,
  Moment,
  type Node,
  PickleRefusal,
  Span,
  Tuple,
  tooMuch,
} from './nodes.ts';

/** A pickle that was read: plain data, or one phrase that says why not. */
export type Unpickled = { readonly kind: 'read'; readonly value: unknown } | { readonly kind: 'refused'; readonly why: string };

/** A larger one is not even begun. */
const MAX_PICKLE_BYTES = 32 * 2 ** 20;

/** What the data may take, in units of about eight bytes, once as the machine has them and once spread out. */
const MAX_UNITS = 2 ** 23;
/** As deep as Python's own pickler goes by default. */
const MAX_DEPTH = 1000;

/**
 * Reads a pickle of plain data:
 *
 * | Python | here |
 * |---|---|
 * | None, bool, str, float | null, boolean, string, number |
 * | int | number; beyond 2^53 bigint |
 * | bytes, bytearray | Buffer |
 * | list, tuple | array |
 * | dict, OrderedDict | object; Map when a key is no text, nor a datetime |
 * | set, frozenset | Set |
 * | datetime, date, time | its `isoformat()` |
 * | timedelta | seconds |
 *
 * What is shared in Python is spread out: the value is a tree, as it would be had it come as JSON. Whatever the bytes are, this returns, within
 * bounded time and memory.
 */
export function unpickle(bytes: Buffer): Unpickled {
  try {
    if (bytes.length > MAX_PICKLE_BYTES) throw tooMuch(`over ${MAX_PICKLE_BYTES / 2 ** 20} MiB`);
    return { kind: 'read', value: spread(runPickle(bytes, MAX_UNITS), new Budget(MAX_UNITS), 0) };
  } catch (error) {
    if (error instanceof PickleRefusal) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** A fresh copy of the whole tree: one that holds itself is deeper than any, one that shares much is larger than any. */
function spread(node: Node, budget: Budget, depth: number): unknown {
  if (typeof node !== 'object' || node === null) {
    budget.spend(1 + lengthOf(node) / 8);
    return node;
  }
  if (depth === MAX_DEPTH) throw tooMuch(`nested deeper than ${MAX_DEPTH} levels`);
  budget.spend(CONTAINER_UNITS);
  const inner = (item: Node) => spread(item, budget, depth + 1);
  if (Buffer.isBuffer(node)) {
    budget.spend(node.length / 8);
    return Buffer.from(node);
  }
  if (node instanceof List || node instanceof Tuple) return node.items.map(inner);
  if (node instanceof Members) return setOf(node.items.map(inner));
  if (node instanceof Dict) return dictOf(node, node.entries.map(inner));
  if (node instanceof Moment) return node.text;
  if (node instanceof Span) return node.microseconds / 1_000_000;
  throw foreign('full' in node ? node.full : 'a timezone by itself');
}

/** Of its text, roughly: each time that it is met again it will be written again. */
function lengthOf(scalar: Node): number {
  if (typeof scalar === 'string') return scalar.length;
  return typeof scalar === 'bigint' ? scalar.toString(16).length : 0;
}

function setOf(items: readonly unknown[]): Set<unknown> {
  const set = new Set(items);
  if (set.size < items.length) throw foreign(ALIKE);
  return set;
}

function dictOf({ entries: nodes }: Dict, entries: readonly unknown[]): unknown {
  const pairs: [unknown, unknown][] = [];
  let [isObject, isText] = [true, true];
  for (let i = 0; i < entries.length; i += 2) {
    pairs.push([entries[i], entries[i + 1]]);
    isObject &&= typeof entries[i] === 'string';
    isText &&= typeof nodes[i] === 'string';
  }
  const map = isText ? null : new Map(pairs);
  if (map && map.size < pairs.length) throw foreign(ALIKE);
  // fromEntries defines properties, so that even `__proto__` is a key like any other.
  return isObject ? Object.fromEntries(pairs as [string, unknown][]) : map;
}

/** As `{1: 'a', timedelta(seconds=1): 'b'}`: one of them would be lost without a word. */
const ALIKE = 'keys that only Python tells apart';

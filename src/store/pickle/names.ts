import { buildDate, buildDatetime, buildSpan, buildTime, buildZone } from './dates.ts';
import { damaged, foreign, List, Members, Name, type Node } from './nodes.ts';

/**
 * What a name in a pickle stands for: exactly these, as Python writes plain data with them (those of protocol 2 by their names in
 * Python 2). Nothing is looked up anywhere else.
 *
 * @throws PickleRefusal for every other name.
 */
export function findName(module: string, name: string): Name {
  const full = `${module === '__builtin__' ? 'builtins' : module}.${name}`;
  const build = NAMES.get(full);
  if (!build) throw foreign(shown(full));
  return new Name(full, build);
}

const NAMES: ReadonlyMap<string, (args: readonly Node[]) => Node> = new Map([
  ['builtins.set', args => buildMembers(args, false)],
  ['builtins.frozenset', args => buildMembers(args, true)],
  ['builtins.bytes', buildBytes],
  ['builtins.bytearray', buildBytes],
  ['_codecs.encode', buildBytes],
  ['datetime.datetime', buildDatetime],
  ['datetime.date', buildDate],
  ['datetime.time', buildTime],
  ['datetime.timedelta', buildSpan],
  ['datetime.timezone', buildZone],
]);

function buildMembers(args: readonly Node[], isFrozen: boolean): Node {
  const [list] = args;
  if (args.length === 0) return new Members([], isFrozen);
  if (args.length !== 1 || !(list instanceof List)) throw damaged('a set of what is no list');
  return new Members([...list.items], isFrozen);
}

/** Protocol 2 has no bytes: it has a text with a character for each byte, and the name of the encoding that makes that of it. */
function buildBytes(args: readonly Node[]): Node {
  const [value, encoding] = args;
  if (args.length === 0) return Buffer.alloc(0);
  if (args.length === 1 && Buffer.isBuffer(value)) return value;
  const isLatin1 = encoding === 'latin1' || encoding === 'latin-1';
  if (args.length !== 2 || typeof value !== 'string' || !isLatin1 || BEYOND_LATIN1.test(value))
    throw damaged('bytes of what is no text in latin1');
  return Buffer.from(value, 'latin1');
}

const BEYOND_LATIN1 = /[^\0-\xff]/;

/** A name goes into a message of one line. */
function shown(name: string): string {
  const text = name.replace(/[^\x20-\x7e]/g, '?');
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

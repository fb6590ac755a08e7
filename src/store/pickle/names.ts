import { buildDate, buildDatetime, buildRegion, buildSpan, buildTime, buildZone } from './dates.ts';
import { Dict, damaged, foreign, List, Members, Name, type Node, shown } from './nodes.ts';

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

const ZONE_INFO = 'zoneinfo.ZoneInfo';
const UNPICKLE_ZONE = `${ZONE_INFO}._unpickle`;

const NAMES: ReadonlyMap<string, (args: readonly Node[]) => Node> = new Map([
  ['builtins.set', args => buildMembers(args, false)],
  ['builtins.frozenset', args => buildMembers(args, true)],
  ['builtins.bytes', buildBytes],
  ['builtins.bytearray', buildBytes],
  ['_codecs.encode', buildBytes],
  ['builtins.getattr', buildAttribute],
  ['collections.OrderedDict', buildOrderedDict],
  ['datetime.datetime', buildDatetime],
  ['datetime.date', buildDate],
  ['datetime.time', buildTime],
  ['datetime.timedelta', buildSpan],
  ['datetime.timezone', buildZone],
  // Python writes a zone as a call of its method of another name.
  [ZONE_INFO, refuseZoneInfo],
]);

/** `getattr(ZoneInfo, '_unpickle')`, as Python writes that method, is the one attribute that there is. */
function buildAttribute(args: readonly Node[]): Node {
  const [owner, name] = args;
  if (args.length !== 2 || !(owner instanceof Name) || typeof name !== 'string') throw foreign('builtins.getattr');
  const full = `${owner.full}.${shown(name)}`;
  if (full !== UNPICKLE_ZONE) throw foreign(full);
  return new Name(UNPICKLE_ZONE, buildRegion);
}

function refuseZoneInfo(): never {
  throw damaged('a ZoneInfo');
}

/** Its entries follow, as those of a dict. */
function buildOrderedDict(args: readonly Node[]): Dict {
  if (args.length > 0) throw damaged('an OrderedDict');
  return new Dict();
}

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

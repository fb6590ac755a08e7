import { ByteReader } from './bytes.ts';
import { findName } from './names.ts';
import {
  Budget,
  CONTAINER_UNITS,
  Dict,
  damaged,
  foreign,
  List,
  MAX_NAME_BYTES,
  Members,
  Moment,
  Name,
  type Node,
  Region,
  Tuple,
} from './nodes.ts';
import * as OP from './opcodes.ts';

/**
 * Python's pickle machine (pickletools.py describes each opcode), of protocols 2 to 5, without what builds objects: there are no
 * instances, no persistent ids, no extension registry, no buffers out of band, and a name is one of the few in names.ts or the end. A
 * pickle cannot make it run anything, take more than its {@link Budget}, or recurse.
 *
 * @throws PickleRefusal
 */
export function runPickle(bytes: Buffer, units: number): Node {
  return new Machine(bytes, new Budget(units)).run();
}

class Machine {
  readonly #from: ByteReader;
  readonly #budget: Budget;
  #stack: Node[] = [];
  readonly #outer: Node[][] = [];
  readonly #memo = new Map<number, Node>();

  constructor(bytes: Buffer, budget: Budget) {
    this.#from = new ByteReader(bytes, budget);
    this.#budget = budget;
  }

  run(): Node {
    if (this.#from.byte() !== OP.PROTO) throw damaged('it does not begin as one');
    this.#protocol(this.#from.byte());
    for (;;) {
      this.#budget.spend(1);
      const opcode = this.#from.byte();
      if (opcode === OP.STOP) return this.#pop();
      this.#step(opcode);
    }
  }

  /** What each opcode does. */
  static readonly #OPCODES: ReadonlyMap<number, (machine: Machine) => void> = new Map([
    // None, booleans, numbers
    [OP.NONE, m => m.#push(null)],
    [OP.NEWTRUE, m => m.#push(true)],
    [OP.NEWFALSE, m => m.#push(false)],
    [OP.BININT, m => m.#push(m.#from.take(4).readInt32LE())],
    [OP.BININT1, m => m.#push(m.#from.byte())],
    [OP.BININT2, m => m.#push(m.#from.take(2).readUInt16LE())],
    [OP.LONG1, m => m.#push(m.#from.integer(m.#from.byte()))],
    [OP.LONG4, m => m.#push(m.#from.integer(m.#from.take(4).readInt32LE()))],
    [OP.BINFLOAT, m => m.#push(m.#from.take(8).readDoubleBE())],
    // Texts and bytes
    [OP.SHORT_BINUNICODE, m => m.#push(m.#from.text(m.#from.byte()))],
    [OP.BINUNICODE, m => m.#push(m.#from.text(m.#from.take(4).readUInt32LE()))],
    [OP.BINUNICODE8, m => m.#push(m.#from.text(m.#from.long()))],
    [OP.SHORT_BINBYTES, m => m.#push(m.#from.copy(m.#from.byte()))],
    [OP.BINBYTES, m => m.#push(m.#from.copy(m.#from.take(4).readUInt32LE()))],
    [OP.BINBYTES8, m => m.#push(m.#from.copy(m.#from.long()))],
    [OP.BYTEARRAY8, m => m.#push(m.#from.copy(m.#from.long()))],
    // Lists, tuples, dicts, sets
    [OP.EMPTY_LIST, m => m.#pushNew(new List())],
    [OP.EMPTY_DICT, m => m.#pushNew(new Dict())],
    [OP.EMPTY_SET, m => m.#pushNew(new Members([], false))],
    [OP.EMPTY_TUPLE, m => m.#pushNew(new Tuple([]))],
    [OP.TUPLE1, m => m.#pushNew(new Tuple(m.#popSome(1)))],
    [OP.TUPLE2, m => m.#pushNew(new Tuple(m.#popSome(2)))],
    [OP.TUPLE3, m => m.#pushNew(new Tuple(m.#popSome(3)))],
    [OP.TUPLE, m => m.#pushNew(new Tuple(m.#popToMark()))],
    [OP.FROZENSET, m => m.#pushNew(new Members(m.#popToMark(), true))],
    [OP.APPEND, m => m.#append(m.#popSome(1))],
    [OP.APPENDS, m => m.#append(m.#popToMark())],
    [OP.SETITEM, m => m.#setItems(m.#popSome(2))],
    [OP.SETITEMS, m => m.#setItems(m.#popToMark())],
    [OP.ADDITEMS, m => m.#addItems(m.#popToMark())],
    // The stack and the memo
    [OP.MARK, m => m.#mark()],
    [OP.POP, m => m.#drop()],
    [OP.POP_MARK, m => void m.#popToMark()],
    [OP.BINGET, m => m.#recall(m.#from.byte())],
    [OP.LONG_BINGET, m => m.#recall(m.#from.take(4).readUInt32LE())],
    [OP.BINPUT, m => m.#keep(m.#from.byte())],
    [OP.LONG_BINPUT, m => m.#keep(m.#from.take(4).readUInt32LE())],
    [OP.MEMOIZE, m => m.#keep(m.#memo.size)],
    // Names and calls
    [OP.GLOBAL, m => m.#push(findName(m.#from.line(), m.#from.line()))],
    [OP.STACK_GLOBAL, m => m.#stackGlobal()],
    [OP.REDUCE, m => m.#reduce()],
    // The stream
    [OP.PROTO, m => m.#protocol(m.#from.byte())],
    [OP.FRAME, m => m.#from.skipFrame()],
  ]);

  #step(opcode: number): void {
    const act = Machine.#OPCODES.get(opcode);
    if (act) act(this);
    else if (OF_OBJECTS.has(opcode)) throw foreign('an object');
    else throw damaged(`opcode 0x${opcode.toString(16).padStart(2, '0')}`);
  }

  #mark(): void {
    this.#budget.spend(CONTAINER_UNITS);
    this.#outer.push(this.#stack);
    this.#stack = [];
  }

  #drop(): void {
    if (this.#stack.length > 0) this.#stack.pop();
    else this.#popToMark();
  }

  #protocol(version: number): void {
    if (version < 2 || version > 5) throw damaged(`protocol ${version}`);
  }

  #stackGlobal(): void {
    const [module, name] = this.#popSome(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw damaged('a name that is no text');
    this.#push(findName(module.slice(0, MAX_NAME_BYTES), name.slice(0, MAX_NAME_BYTES)));
  }

  #reduce(): void {
    const [callee, args] = this.#popSome(2);
    if (!(callee instanceof Name) || !(args instanceof Tuple)) throw damaged('a call of what cannot be called');
    const built = callee.build(args.items);
    if (built instanceof Moment || built instanceof Region) this.#budget.spend(built.units);
    this.#budget.spend(CONTAINER_UNITS + (built instanceof Members ? built.items.length : 0));
    this.#push(built);
  }

  #append(items: readonly Node[]): void {
    const list = this.#top();
    if (!(list instanceof List)) throw damaged('items for what is no list');
    for (const item of items) list.items.push(item);
  }

  #setItems(entries: readonly Node[]): void {
    const dict = this.#top();
    if (!(dict instanceof Dict) || entries.length % 2 === 1) throw damaged('entries for what is no dict');
    for (const node of entries) dict.entries.push(node);
  }

  #addItems(items: readonly Node[]): void {
    const set = this.#top();
    if (!(set instanceof Members) || set.isFrozen) throw damaged('members for what is no set');
    for (const item of items) set.items.push(item);
  }

  #push(node: Node): void {
    this.#stack.push(node);
  }

  #pushNew(container: Node): void {
    this.#budget.spend(CONTAINER_UNITS);
    this.#stack.push(container);
  }

  #top(): Node {
    const node = this.#stack.at(-1);
    if (node === undefined) throw damaged('an empty stack');
    return node;
  }

  #pop(): Node {
    const node = this.#top();
    this.#stack.pop();
    return node;
  }

  #popSome(count: number): Node[] {
    if (this.#stack.length < count) throw damaged('an empty stack');
    return this.#stack.splice(-count);
  }

  #popToMark(): Node[] {
    const items = this.#stack;
    const outer = this.#outer.pop();
    if (!outer) throw damaged('no mark');
    this.#stack = outer;
    return items;
  }

  #keep(index: number): void {
    this.#budget.spend(CONTAINER_UNITS);
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): void {
    const node = this.#memo.get(index);
    if (node === undefined) throw damaged('a reference to nothing');
    this.#push(node);
  }
}

/** OBJ, INST, NEWOBJ, NEWOBJ_EX, BUILD, PERSID, BINPERSID, EXT1, EXT2, EXT4, NEXT_BUFFER, READONLY_BUFFER. */
const OF_OBJECTS = new Set([0x6f, 0x69, 0x81, 0x92, 0x62, 0x50, 0x51, 0x82, 0x83, 0x84, 0x97, 0x98]);

/**
 * The pickle (protocol 4) of what JSON can say, for Python's default serialiser to read: null, booleans, numbers, bigints, texts, arrays and
 * objects. A number without a fraction is an int, unless it is beyond 2^53.
 */
export function pickle(value: unknown): Buffer {
  const parts: Buffer[] = [PROTOCOL_4];
  // Without recursion: a result may be nested deeper than the stack is.
  const open: Todo[] = [{ value }];
  for (let todo = open.pop(); todo; todo = open.pop()) {
    if (Buffer.isBuffer(todo)) parts.push(todo);
    else if (Array.isArray(todo.value)) openArray(todo.value, parts, open);
    else if (typeof todo.value === 'object' && todo.value !== null) openObject(todo.value, parts, open);
    else parts.push(scalar(todo.value));
  }
  parts.push(STOP);
  return Buffer.concat(parts);
}

/** A value to be written, or an opcode to come behind those before it. */
type Todo = Buffer | { readonly value: unknown };

const PROTOCOL_4 = Buffer.from([0x80, 4]);
const STOP = Buffer.from('.');
const NONE = Buffer.from('N');
const TRUE = Buffer.from([0x88]);
const FALSE = Buffer.from([0x89]);
const EMPTY_LIST = Buffer.from(']');
const LIST = Buffer.from('](');
const APPENDS = Buffer.from('e');
const EMPTY_DICT = Buffer.from('}');
const DICT = Buffer.from('}(');
const SETITEMS = Buffer.from('u');

function openArray(items: readonly unknown[], parts: Buffer[], open: Todo[]): void {
  parts.push(items.length === 0 ? EMPTY_LIST : LIST);
  if (items.length === 0) return;
  open.push(APPENDS);
  for (let i = items.length - 1; i >= 0; i--) open.push({ value: items[i] });
}

function openObject(object: object, parts: Buffer[], open: Todo[]): void {
  const entries = Object.entries(object);
  parts.push(entries.length === 0 ? EMPTY_DICT : DICT);
  if (entries.length === 0) return;
  open.push(SETITEMS);
  for (const [key, value] of entries.reverse()) open.push({ value }, { value: key });
}

function scalar(value: unknown): Buffer {
  switch (typeof value) {
    case 'string':
      return textOf(value);
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(BigInt(value)) : float(value);
    case 'bigint':
      return integer(value);
    case 'boolean':
      return value ? TRUE : FALSE;
    default:
      return NONE;
  }
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(9, 'G');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** BININT where it fits, else LONG1 or LONG4: two's complement, the least byte first. */
function integer(value: bigint): Buffer {
  if (BigInt.asIntN(32, value) === value) {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(Number(value), 1);
    return bytes;
  }
  // One bit more than the value has: the sign.
  const length = Math.ceil(((value < 0n ? -value : value).toString(2).length + 1) / 8);
  const hex = BigInt.asUintN(8 * length, value).toString(16);
  const bytes = Buffer.from(hex.padStart(2 * length, '0'), 'hex').reverse();
  return Buffer.concat([length < 256 ? Buffer.from([0x8a, length]) : withLength(0x8b, length), bytes]);
}

function textOf(text: string): Buffer {
  const bytes = LONE_SURROGATE.test(text) ? surrogatesPassed(text) : Buffer.from(text);
  return Buffer.concat([bytes.length < 256 ? Buffer.from([0x8c, bytes.length]) : withLength(0x58, bytes.length), bytes]);
}

const LONE_SURROGATE = /\p{Cs}/u;

function withLength(opcode: number, length: number): Buffer {
  const bytes = Buffer.alloc(5, opcode);
  bytes.writeUInt32LE(length, 1);
  return bytes;
}

/** Python keeps a lone surrogate as three bytes that no UTF-8 has. */
function surrogatesPassed(text: string): Buffer {
  const pieces = Array.from(text, character => {
    const code = character.charCodeAt(0);
    const isLone = character.length === 1 && code >= 0xd800 && code <= 0xdfff;
    return isLone ? Buffer.from([0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]) : Buffer.from(character);
  });
  return Buffer.concat(pieces);
}

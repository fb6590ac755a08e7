import { isUtf8 } from 'node:buffer';
import { MAX_DIGITS } from '../../parse/exact-json.ts';
import { type Budget, CONTAINER_UNITS, damaged, MAX_NAME_BYTES, tooMuch } from './nodes.ts';

/** Takes a pickle's bytes one part after the other. What it makes of them is paid for. @throws PickleRefusal at their end, too. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #budget: Budget;
  #at = 0;

  constructor(bytes: Buffer, budget: Budget) {
    this.#bytes = bytes;
    this.#budget = budget;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw damaged(CUT);
    this.#at += 1;
    return byte;
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.#bytes.length - this.#at) throw damaged(CUT);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A length of eight bytes; one that no number holds is beyond every end. */
  long(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  /** A frame says how many bytes follow; nothing is done with it, as all of them are here. */
  skipFrame(): void {
    if (this.long() > this.#bytes.length - this.#at) throw damaged(CUT);
  }

  /** Up to a line feed. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_NAME_BYTES).indexOf(0x0a);
    if (end < 0) throw damaged('a name without an end');
    return this.take(end + 1).toString('utf8', 0, end);
  }

  text(length: number): string {
    const bytes = this.take(length);
    this.#budget.spend(length / 8);
    return isUtf8(bytes) ? bytes.toString('utf8') : withSurrogates(bytes, this.#budget);
  }

  /** Bytes of their own, so that the pickle is not kept for them. */
  copy(length: number): Buffer {
    const bytes = this.take(length);
    this.#budget.spend(length / 8);
    return Buffer.from(bytes);
  }

  /** Two's complement, the least byte first. */
  integer(length: number): number | bigint {
    const bytes = this.take(length);
    if (length > MAX_INTEGER_BYTES) throw tooMuch(LONG_INTEGER);
    this.#budget.spend(length / 8);
    if (length === 0) return 0;
    const unsigned = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
    const value = BigInt.asIntN(8 * length, unsigned);
    if (length === MAX_INTEGER_BYTES && String(value).replace('-', '').length > MAX_DIGITS) throw tooMuch(LONG_INTEGER);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

const CUT = 'it ends too early';
const LONG_INTEGER = `an integer of more than ${MAX_DIGITS} digits`;
/** An integer of {@link MAX_DIGITS} digits. */
const MAX_INTEGER_BYTES = 1786;

/** Python writes a lone surrogate as three bytes that no UTF-8 has. */
function withSurrogates(bytes: Buffer, budget: Budget): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    const [, second = 0, third = 0] = bytes.subarray(at, at + 3);
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    budget.spend(CONTAINER_UNITS);
    parts.push(utf8Of(bytes.subarray(from, at)), String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)));
    from = at + 3;
  }
  return parts.join('') + utf8Of(bytes.subarray(from));
}

function utf8Of(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw damaged('text that is not UTF-8');
  return bytes.toString('utf8');
}

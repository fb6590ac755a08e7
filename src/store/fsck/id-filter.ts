/** Bits for each id: with {@link HASHES} hashes one of 25 million that were never added is taken for one that was. */
const BITS_PER_ID = 64;
const HASHES = 8;
const LEAST_BITS = 2 ** 16;
/** 64 MB: beyond 8 million ids it errs more often, and then fewer lost jobs are found in one run. */
const MOST_BITS = 2 ** 29;

/** A set of ids in a fixed memory, whatever their number (a Bloom filter): it never forgets one, and rarely claims one too many. */
export class IdFilter {
  readonly #words: Uint32Array;
  readonly #mask: number;

  constructor(expectedIds: number) {
    const wanted = Math.min(Math.max(expectedIds * BITS_PER_ID, LEAST_BITS), MOST_BITS);
    const bits = 2 ** Math.ceil(Math.log2(wanted));
    this.#words = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  /** Adds an id and returns whether it was there, as far as can be told. */
  add(id: string): boolean {
    let wasThere = true;
    for (const bit of this.#bitsOf(id)) {
      const word = this.#words[bit >>> 5] ?? 0;
      const one = 1 << (bit & 31);
      if ((word & one) === 0) wasThere = false;
      this.#words[bit >>> 5] = word | one;
    }
    return wasThere;
  }

  has(id: string): boolean {
    return this.#bitsOf(id).every(bit => ((this.#words[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
  }

  /** Two hashes (FNV-1a, then Murmur's finish) make all others (Kirsch and Mitzenmacher). */
  #bitsOf(id: string): number[] {
    let a = 0x811c9dc5;
    let b = 0x9747b28c;
    for (let i = 0; i < id.length; i += 1) {
      const code = id.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x5bd1e995) ^ (b >>> 15);
    }
    const first = finish(a);
    const second = finish(b) | 1;
    const bits: number[] = [];
    for (let i = 0; i < HASHES; i += 1) bits.push(((first + Math.imul(i, second)) & this.#mask) >>> 0);
    return bits;
  }
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

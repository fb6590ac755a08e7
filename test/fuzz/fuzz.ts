import assert from 'node:assert/strict';
import { test } from 'node:test';

/** A reader under test: `make` draws an input, `read` may refuse it in its own way and throws only when it is wrong. */
export interface Target<T> {
  readonly title: string;
  /** How many inputs `npm test` tries; RQT_FUZZ_INPUTS says another number. */
  readonly inputs: number;
  readonly make: (random: Random) => T;
  readonly read: (input: T) => void;
  /** For the message: enough to try the input again. */
  readonly show: (input: T) => string;
}

/** No input of these sizes may take so long, or so much memory more than the one before it, whatever the machine is doing. */
const MOST_MS = 20_000;
const MOST_BYTES = 1024 * 2 ** 20;

/** Tries many inputs, always the same ones unless RQT_FUZZ_SEED says otherwise. What goes wrong is told with its seed and its input. */
export function fuzz<T>({ title, inputs, make, read, show }: Target<T>): void {
  const count = Number(process.env.RQT_FUZZ_INPUTS ?? inputs);
  const seed = Number(process.env.RQT_FUZZ_SEED ?? 1);
  test(`${title}: ${count} inputs, RQT_FUZZ_SEED=${seed}`, { timeout: Math.max(300_000, count * 10) }, () => {
    const random = new Random(seed);
    for (let i = 0; i < count; i++) {
      const input = make(random);
      const [startedAt, memory] = [performance.now(), process.memoryUsage.rss()];
      try {
        read(input);
      } catch (cause) {
        throw new Error(`input ${i} of seed ${seed}: ${show(input)}`, { cause });
      }
      assert.ok(performance.now() - startedAt < MOST_MS, `input ${i} of seed ${seed} takes too long: ${show(input)}`);
      assert.ok(process.memoryUsage.rss() - memory < MOST_BYTES, `input ${i} of seed ${seed} takes too much: ${show(input)}`);
    }
  });
}

/** Numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0, below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

/** One of the samples with some of its bytes changed, removed, repeated, or replaced by a part of another. */
export function mutated(samples: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(random.pick(samples));
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    const length = random.below(20);
    const other = random.pick(samples);
    const from = random.below(other.length);
    const between = random.pick([random.bytes(1), random.bytes(length), other.subarray(from, from + length), Buffer.alloc(0)]);
    bytes = Buffer.concat([bytes.subarray(0, at), between, bytes.subarray(at + random.pick([0, 1, between.length, length]))]);
  }
  return bytes;
}

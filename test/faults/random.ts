/** A generator of numbers in [0, 1) that its seed decides (mulberry32, Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several. */
export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** `RQT_FAULTS_SEED`. Else a commit is judged by the same choices each time, and the long form, run by hand, has others each day. */
export function chooseSeed(): number {
  const { RQT_FAULTS_SEED, RQT_FAULTS } = process.env;
  if (RQT_FAULTS_SEED !== undefined) return Number(RQT_FAULTS_SEED);
  return RQT_FAULTS === 'long' ? Number(new Date().toISOString().slice(0, 10).replaceAll('-', '')) : USUAL_SEED;
}

const USUAL_SEED = 20261124;

/** The same in another order. */
export function shuffle<T>(random: () => number, from: readonly T[]): T[] {
  const keyed = from.map(item => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

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

/** `RQT_FAULTS_SEED`, else that of the day: what failed today fails again today. */
export function chooseSeed(): number {
  return Number(process.env.RQT_FAULTS_SEED ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''));
}

/** The same in another order. */
export function shuffle<T>(random: () => number, from: readonly T[]): T[] {
  const keyed = from.map(item => ({ item, key: random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

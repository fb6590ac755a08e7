/** Rings once, unless it is canceled before. */
export interface Alarm {
  readonly rings: Promise<'over'>;
  cancel(): void;
}

/** Node's timers count up to 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** An alarm in so many milliseconds; null: never. */
export function alarm(timeoutMs: number | null): Alarm {
  let timer: NodeJS.Timeout | undefined;
  const rings = new Promise<'over'>(resolve => {
    if (timeoutMs !== null && timeoutMs <= LONGEST_TIMER_MS) timer = setTimeout(resolve, timeoutMs, 'over');
  });
  return { rings, cancel: () => clearTimeout(timer) };
}

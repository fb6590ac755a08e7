/** A median and the quartiles around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: percentile(values, 0.5), low: percentile(values, 0.25), high: percentile(values, 0.75) };
}

/** Round by round: what shares a round shares the machine's mood. */
export function ratios(values: readonly number[], bases: readonly number[]): Spread {
  return spreadOf(values.map((value, i) => value / (bases[i] ?? Number.NaN)));
}

/** The value below which the share `part` of all values lies, between two of them in proportion. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** Three digits are as many as such figures bear. */
export function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

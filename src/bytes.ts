const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A size for a person, everywhere in the same units: `0 B`, `999 B`, `64 KiB`, `1.3 MiB`. */
export function formatBytes(bytes: number): string {
  let amount = Math.max(0, bytes);
  let unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (amount >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(amount) : Number(amount.toFixed(1))} ${UNITS[unit]}`;
}

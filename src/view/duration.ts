const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Larger unit first; each is told with at most one smaller one beside it. */
const UNITS = [
  { name: 'd', ms: DAY_MS, below: 'h', belowMs: HOUR_MS },
  { name: 'h', ms: HOUR_MS, below: 'min', belowMs: MINUTE_MS },
  { name: 'min', ms: MINUTE_MS, below: 's', belowMs: SECOND_MS },
] as const;

/** A duration in milliseconds for a person: `12 ms`, `1.3 s`, `2 min 5 s`, `3 h 10 min`, `4 d 2 h`. Negative counts as 0. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs));
  const unit = UNITS.find(({ ms: unitMs }) => ms >= unitMs);
  if (!unit) return ms < SECOND_MS ? `${ms} ms` : `${Math.floor(ms / 100) / 10} s`;
  const rest = Math.floor((ms % unit.ms) / unit.belowMs);
  const whole = `${Math.floor(ms / unit.ms)} ${unit.name}`;
  return rest === 0 ? whole : `${whole} ${rest} ${unit.below}`;
}

/** A duration in its largest unit alone, for narrow columns: `0 s`, `12 s`, `2 min`, `3 h`, `4 d`. */
export function formatCoarse(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  const unit = UNITS.find(({ ms: unitMs }) => ms >= unitMs) ?? { name: 's', ms: SECOND_MS };
  return `${Math.floor(ms / unit.ms)} ${unit.name}`;
}

/** How long ago (`ageMs` > 0) or ahead (< 0) a time lies: `just now`, `12 s ago`, `3 h ago`, `in 3 min`. */
export function formatAge(ageMs: number): string {
  if (Math.abs(ageMs) < SECOND_MS) return 'just now';
  return ageMs > 0 ? `${formatCoarse(ageMs)} ago` : `in ${formatCoarse(-ageMs)}`;
}

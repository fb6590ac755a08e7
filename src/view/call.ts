import type { Call } from '../model.ts';
import { safeJson, safeLine } from './safe.ts';

/** Each argument on a line of its own, as JSON: positional ones by number from 1, then `name=`, sorted. Safe. */
export function argumentLines({ args, kwargs }: Call): string[] {
  const named = Object.keys(kwargs).sort();
  return [
    ...args.map((value, index) => `${index + 1}: ${safeJson(value)}`),
    ...named.map(name => `${safeLine(name)}=${safeJson(kwargs[name])}`),
  ];
}

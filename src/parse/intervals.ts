import { RqtError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { quote } from './quote.ts';

/** The whole seconds of a flag that takes comma lists of durations and may be repeated: `10,30s,1m`. @throws RqtError `usage`. */
export function parseIntervals(values: readonly string[], flag: string): number[] {
  return values.flatMap(value =>
    value.split(',').map(part => {
      if (part.trim() === '')
        throw new RqtError('usage', `${flag} ${quote(value)} has an empty duration; write for example ${flag} 10,30s,1m`);
      return (parseDuration(part, flag, { allowNone: false }) ?? 0) / 1000;
    }),
  );
}

import { RqtError } from '../errors.ts';
import { parseJobId } from './names.ts';
import { quote } from './quote.ts';

/**
 * The job ids of a flag that takes comma lists and may be repeated (`--depends-on a,b --depends-on c`): each once, in their order.
 * @throws RqtError `usage`
 */
export function parseJobIds(values: readonly string[], flag: string): string[] {
  const ids = new Set<string>();
  for (const value of values) {
    for (const part of value.split(',')) {
      const id = part.trim();
      if (id === '')
        throw new RqtError('usage', `${flag} ${quote(value)} has an empty job id; write for example ${flag} fetch,unpack`);
      ids.add(parseJobId(id));
    }
  }
  return [...ids];
}

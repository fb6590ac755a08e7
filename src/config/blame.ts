import { RqtError } from '../errors.ts';
import type { Configured } from './configure.ts';
import { sourceText } from './setting.ts';

/**
 * The refusal of a command line that is wrong together with what is configured: it names flags, and says which of them nobody has typed
 * and where they come from. Without a typed one among them the configuration alone is wrong.
 */
export function blameConfiguration(error: RqtError, configured: Configured): RqtError {
  const named = [...configured].filter(([name]) => new RegExp(`--${name}(?![\\w-])`).test(error.message));
  const places = named
    .filter(([, { source }]) => source.kind !== 'flag')
    .map(([name, { source }]) => `--${name} comes from ${sourceText(source)}`);
  if (places.length === 0) return error;
  const code = named.length === places.length ? 'config' : error.code;
  return new RqtError(code, `${error.message} (${places.join(', ')})`, { cause: error });
}

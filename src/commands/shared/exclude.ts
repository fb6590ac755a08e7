import type { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';

/** Refuses names beside a flag that chooses in their place. @throws RqtError `usage`, which says what to leave away. */
export function refuseBoth(words: readonly string[], what: string, options: Options, flags: readonly string[]): void {
  const given = flags.find(name => options.has(name));
  if (words.length > 0 && given !== undefined)
    throw new RqtError('usage', `${what} and --${given} exclude each other: leave one of them away`);
}

/** Refuses two flags that each say what stdout is. @throws RqtError `usage` */
export function refuseTwoOutputs(options: Options, one: string, other: string): void {
  if (options.flag(one) && options.flag(other))
    throw new RqtError('usage', `--${one} and --${other} both say what stdout is: give one of them`);
}

/** Whether nothing is to be printed. @throws RqtError `usage` beside `--json`, which asks for output */
export function wantsQuiet(options: Options): boolean {
  const isQuiet = options.flag('quiet');
  if (isQuiet && options.flag('json'))
    throw new RqtError('usage', '--quiet prints nothing and --json prints JSON: give one of them');
  return isQuiet;
}

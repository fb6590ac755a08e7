import type { Options, ParserConfigurationOptions } from 'yargs';
import { RqtError } from '../errors.ts';
import type { OptionSpec } from './argv.ts';

/**
 * The same options for yargs. A value option takes exactly one word, `-` and `-1` included; a `string` given twice is refused.
 * @param mayBeOff which options that take a value know `--no-name`: those that may be configured
 */
export function toYargsOptions(
  specs: readonly OptionSpec[],
  mayBeOff: (name: string) => boolean = () => false,
): Record<string, Options> {
  return Object.fromEntries(specs.map(spec => [spec.name, toYargsOption(spec, mayBeOff(spec.name))]));
}

/** How yargs must read words, so that they arrive as they were typed: no numbers, no dots, no camel case, no second names. */
export const YARGS_PARSING: Partial<ParserConfigurationOptions> = {
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'dot-notation': false,
  'camel-case-expansion': false,
  'strip-aliased': true,
  'short-option-groups': true,
  'boolean-negation': true,
  'duplicate-arguments-array': true,
  'flatten-duplicate-arrays': true,
  'greedy-arrays': false,
  'nargs-eats-options': false,
};

function toYargsOption({ name, alias, type, describe }: OptionSpec, mayBeOff: boolean): Options {
  const names = alias === undefined ? { describe } : { describe, alias };
  if (type === 'boolean') return { ...names, type: 'boolean' };
  const taker = { ...names, type: 'string', nargs: 1, requiresArg: true } as const;
  return type === 'list'
    ? { ...taker, array: true, coerce: (values: unknown) => unlessOff(name, values, mayBeOff) }
    : { ...taker, coerce: (value: unknown) => unlessOff(name, refuseTwice(name, value), mayBeOff) };
}

function refuseTwice(name: string, value: unknown): unknown {
  if (Array.isArray(value)) throw new RqtError('usage', `--${name} is given ${value.length} times; give it once`);
  return value;
}

/** `--no-name`, which yargs makes of any option. */
function unlessOff(name: string, value: unknown, mayBeOff: boolean): unknown {
  if (value !== false && !(Array.isArray(value) && value.includes(false))) return value;
  if (!mayBeOff) throw new RqtError('usage', `--no-${name} is no flag; leave --${name} away`);
  if (value !== false && Array.isArray(value) && value.length > 1)
    throw new RqtError('usage', `--${name} and --no-${name} exclude each other`);
  return false;
}

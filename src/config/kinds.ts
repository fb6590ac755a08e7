/**
 * What a setting's value must be. Each check is the one that the flag of the same name has; it throws a {@link RqtError} that names `key`.
 */
import { RqtError } from '../errors.ts';
import { type CountRules, parseCount } from '../parse/count.ts';
import { type DurationRules, parseDuration } from '../parse/duration.ts';
import { parseIntervals } from '../parse/intervals.ts';
import { parseMeta } from '../parse/meta.ts';
import { oneOfThese, quote } from '../parse/quote.ts';
import { parseSize } from '../parse/size.ts';
import { parseRedisUrl } from '../redis-url.ts';

/** Refuses a wrong value. */
export type Check = (text: string, key: string) => void;

export const duration =
  (rules: DurationRules = {}): Check =>
  (text, key) => {
    parseDuration(text, key, rules);
  };

export const count =
  (rules: CountRules = {}): Check =>
  (text, key) => {
    parseCount(text, key, rules);
  };

export const size =
  (minBytes: number): Check =>
  (text, key) => {
    parseSize(text, key, minBytes);
  };

export const oneOf =
  (...values: readonly string[]): Check =>
  (text, key) => {
    if (!values.includes(text)) throw new RqtError('usage', `${key} ${quote(text)}: say ${oneOfThese(values)}`);
  };

/** A name, checked by what reads it from the command line. */
export const named =
  (parse: (text: string) => unknown): Check =>
  text => {
    parse(text);
  };

export const intervals: Check = (text, key) => {
  parseIntervals([text], key);
};

/** Files that a value names are not read before the value is used. */
export const note: Check = text => {
  parseMeta([text], () => Buffer.from('null'));
};

export const redisUrl: Check = text => {
  parseRedisUrl(text, message => new RqtError('config', message));
};

export const namespace: Check = (text, key) => {
  if (!/^[\w.:{}-]+$/.test(text))
    throw new RqtError('usage', `${key} ${quote(text)}: use letters, digits and any of _ . : { } -`);
};

export const notEmpty: Check = (text, key) => {
  if (text === '' || text.includes('\0')) throw new RqtError('usage', `${key} ${quote(text)} names nothing`);
};

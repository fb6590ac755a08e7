import { type CronEntry, DEFAULT_CATCH_UP, DEFAULT_OVERLAP } from '../cron-entry.ts';
import { writeJson } from '../parse/exact-json.ts';
import { quoteShellWord } from '../parse/shell-words.ts';

/** Entries as a file that `rqt cron apply` reads back as the same entries; one that cannot be written so is a comment that says why. */
export function crontabOf(entries: readonly CronEntry[]): string {
  return ['# NAME  EXPRESSION  module#fn args… --flags', ...entries.map(lineOf)].join('\n');
}

function lineOf(entry: CronEntry): string {
  const { name, expression, call, zone, catchUp, overlap, flags } = entry;
  if (!call) return `# ${name}: what it calls cannot be read`;
  const words = [
    ...[call.task, ...call.args.map(argumentOf)],
    ...Object.entries(call.kwargs).map(([key, value]) => keywordOf(key, value)),
    `--tz=${zone}`,
    ...(catchUp === DEFAULT_CATCH_UP ? [] : [`--catch-up=${catchUp}`]),
    ...(overlap === DEFAULT_OVERLAP ? [] : [`--overlap=${overlap}`]),
    ...flags.map(([flag, value]) => (value === null ? `--${flag}` : `--${flag}=${value}`)),
  ];
  if (words.some(word => /[\n\r]/.test(word))) return `# ${name}: a flag of it has more than one line`;
  return `${name}  ${expression}  ${words.map(quoteShellWord).join(' ')}`;
}

/** A text that would be read as something else is written as JSON, which nothing else is. */
function argumentOf(value: unknown): string {
  const isPlain = typeof value === 'string' && !/^[-:@%]|^[\p{ID_Start}_][\p{ID_Continue}-]*[:%]?=|[\n\r]/u.test(value);
  return isPlain ? value : `:${writeJson(value)}`;
}

function keywordOf(key: string, value: unknown): string {
  const isPlain = typeof value === 'string' && !/^@|[\n\r]/.test(value);
  return isPlain ? `${key}=${value}` : `${key}:=${writeJson(value)}`;
}

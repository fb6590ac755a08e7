/**
 * What a server that ended at its start has to say.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';
import { quoteShellWord } from '../../parse/shell-words.ts';
import { logPath } from './home.ts';

/** Its data or settings keep it from starting: the last thing that it wrote into its log behind `logStart`, and how to repair what it is about. */
export function brokenServer(home: string, logStart: number): RqtError {
  const log = logPath(home);
  const said = lastWords(readFileSync(log).subarray(logStart).toString());
  const { reason, checker } = readAdvice(said);
  const next =
    checker === null ? '' : `; make a copy of ${home}, then cut the file off at the damage: ${repairOf(home, checker)}`;
  return new RqtError('brokenServer', `the private Redis in ${home} cannot start: ${reason} (see ${log})${next}`);
}

/** It was killed or never ran: `end` is a signal, a status or what the system says. */
export function endedServer(home: string, end: string | number): RqtError {
  return new RqtError('unreachable', `the private Redis in ${home} did not start: it ended with ${end}; see ${logPath(home)}`);
}

/** The last line without the process, the time and the level before it. */
function lastWords(printed: string): string {
  const line = printed.trim().split('\n').at(-1) ?? '';
  return line.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ \S /, '') || 'it says nothing';
}

/** Redis's own advice, which has no path, is about its append-only file: `…: make a backup of your AOF file, then use ./redis-check-aof --fix <filename>`. */
function readAdvice(said: string): { readonly reason: string; readonly checker: string | null } {
  const checker = /\b\w+-check-aof\b/.exec(said)?.[0] ?? null;
  return { reason: checker === null ? said : said.replace(/[:.]? (you can: 1\) )?make a backup .*/i, ''), checker };
}

/** Before Redis 7 the append-only file was one file. */
function repairOf(home: string, checker: string): string {
  const manifest = join(home, 'appendonlydir', 'appendonly.aof.manifest');
  const path = existsSync(manifest) ? manifest : join(home, 'appendonly.aof');
  return `${checker} --fix ${quoteShellWord(path)}`;
}

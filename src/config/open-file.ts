import { closeSync, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { RqtError } from '../errors.ts';
import { escapeUnprintable } from '../parse/quote.ts';
import type { ConfigFile } from './find.ts';

/** More than this is no configuration. */
const MOST_BYTES = 2 ** 20;

/**
 * The text of a configuration file. One that was found and not named must be this user's or root's, and nobody else may write to it:
 * in a folder such as /tmp anybody may put a file in the way.
 *
 * @throws RqtError `config`; `missing` for one that `--config` names and that does not exist.
 */
export function readConfigFile({ path, namedBy }: ConfigFile): string {
  const shown = escapeUnprintable(path);
  try {
    if (namedBy === null) refuseForeign(lstatSync(path), shown);
    const fd = openSync(path, 'r');
    try {
      refuseUnreadable(fstatSync(fd), shown, namedBy);
      return decode(readFileSync(fd), shown);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof RqtError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const prefix = namedBy === null ? shown : `${namedBy} ${shown}`;
    throw new RqtError(
      isMissing && namedBy === '--config' ? 'missing' : 'config',
      `${prefix}: ${PROBLEMS[code] ?? `it cannot be read: ${message}`}`,
      { cause: error },
    );
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it cannot be read: permission denied',
  ELOOP: 'it is a link that leads to itself',
};

function refuseUnreadable(stats: Stats, shown: string, namedBy: ConfigFile['namedBy']): void {
  if (stats.isDirectory()) throw new RqtError('config', `${shown}: it is a directory, not a file`);
  if (stats.size > MOST_BYTES) throw tooLarge(shown);
  if (namedBy !== null) return;
  if (!stats.isFile()) throw new RqtError('config', `${shown}: it is no regular file`);
  refuseForeign(stats, shown);
}

function tooLarge(shown: string): RqtError {
  return new RqtError('config', `${shown}: it is larger than ${MOST_BYTES / 2 ** 20} MiB; that is no configuration`);
}

/** Links are looked at too: whoever made one chose what it leads to. Their permissions mean nothing. */
function refuseForeign(stats: Stats, shown: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  const remedy = `name it with RQT_CONFIG if you trust it (RQT_CONFIG=/dev/null: no file at all)`;
  if (stats.uid !== user && stats.uid !== 0)
    throw new RqtError('config', `${shown} belongs to user ${stats.uid} and this is user ${user}: ${remedy}`);
  if (!stats.isSymbolicLink() && stats.mode & 0o002)
    throw new RqtError('config', `${shown} can be written by everybody: chmod o-w it, or ${remedy}`);
}

function decode(bytes: Buffer, shown: string): string {
  if (bytes.length > MOST_BYTES) throw tooLarge(shown);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RqtError('config', `${shown}: it is not UTF-8 text`);
  }
}

import { RqtError } from '../../errors.ts';
import { nearest } from '../../parse/nearest.ts';
import { cronNames } from '../../store/cron/index.ts';
import type { Db } from '../../store/index.ts';

/** The line for an entry that does not exist, with the nearest name that does. */
export async function unknownEntry(db: Db, name: string): Promise<string> {
  const near = nearest(name, await cronNames(db));
  return `there is no cron entry ${name}${near === null ? '' : `; did you mean ${near}?`} (look: rqt cron list)`;
}

/** Refuses names of entries that there are not. @throws RqtError `missing`. */
export async function refuseUnknownEntries(
  db: Db,
  names: readonly string[],
  found: readonly { readonly name: string }[],
): Promise<void> {
  const unknown = names.find(name => !found.some(entry => entry.name === name));
  if (unknown !== undefined) throw new RqtError('missing', await unknownEntry(db, unknown));
}

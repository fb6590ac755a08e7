import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';
import { type Db, failureOf, markNamespace, removeNamespace, unmarkedNamespaces } from '../../store/index.ts';

/** How the namespaces of self-tests begin, and their folders. */
export const NAMESPACE = 'rqt-selftest-';
/** Longer than the workers of a self-test that was killed go on. */
const MARK_MS = 600_000;
const OLD_FOLDER_MS = 86_400_000;

/**
 * Marks the namespace as in use, until its end. A user who may not write, or only keys of some names, is told before anything is started.
 * @throws RqtError
 */
export async function keepMarked(db: Db): Promise<{ end(): void }> {
  try {
    await markNamespace(db, MARK_MS);
  } catch (error) {
    const told = failureOf(db, error);
    if (!(told instanceof RqtError)) throw told;
    throw new RqtError(told.code, `selftest has to write keys that begin with ${db.prefix}: ${told.message}`, { cause: error });
  }
  const timer = setInterval(() => void markNamespace(db, MARK_MS).catch(() => {}), MARK_MS / 10);
  return { end: () => clearInterval(timer) };
}

/** Removes what self-tests have left that were killed: here, and in this Redis. Does not throw: it is not what was asked for. */
export async function removeDead(db: Db): Promise<void> {
  removeOldFolders();
  try {
    const [pattern, name] = db.prefix.startsWith('{')
      ? [`{${NAMESPACE}*`, /^\{rqt-selftest-[0-9a-f]{8}\}(?=:)/]
      : [`${NAMESPACE}*`, /^rqt-selftest-[0-9a-f]{8}(?=:)/];
    for (const prefix of await unmarkedNamespaces(db, pattern, name)) await removeNamespace({ ...db, prefix });
  } catch {
    // The keys of others may not be for this user.
  }
}

function removeOldFolders(): void {
  try {
    for (const name of readdirSync(tmpdir())) if (name.startsWith(NAMESPACE)) removeOld(join(tmpdir(), name));
  } catch {
    // As above.
  }
}

function removeOld(folder: string): void {
  try {
    const stats = lstatSync(folder);
    const isOurs = stats.isDirectory() && stats.uid === process.getuid?.();
    if (isOurs && Date.now() - stats.mtimeMs > OLD_FOLDER_MS) rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another one has removed it.
  }
}

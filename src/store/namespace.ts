import type { Db } from './db.ts';

const PAGE = 1000;

/** Notes for so long that the namespace is in use. Throws what Redis says when its keys may not be written. */
export async function markNamespace(db: Db, forMs: number): Promise<void> {
  await db.client.set(`${db.prefix}:${MARK}`, '', 'PX', forMs);
}

const MARK = 'rqt:in-use';

/** Every key of the namespace, sorted. It looks at all keys of Redis, a page at a time. */
export function namespaceKeys(db: Db): Promise<string[]> {
  return keysLike(db, `${db.prefix.replace(/[\\*?[\]]/g, '\\$&')}:*`);
}

/**
 * The namespaces that have keys and no mark (see {@link markNamespace}) any more. `pattern`: Redis's, for the beginning of their keys; `name`: which
 * part of a key is the name of such a namespace.
 */
export async function unmarkedNamespaces(db: Db, pattern: string, name: RegExp): Promise<string[]> {
  const names = new Set((await keysLike(db, pattern)).flatMap(key => name.exec(key)?.[0] ?? []));
  const unmarked: string[] = [];
  // Asked for now: one that began meanwhile has been marked before it had any other key.
  for (const prefix of names) if ((await db.client.exists(`${prefix}:${MARK}`)) === 0) unmarked.push(prefix);
  return unmarked;
}

async function keysLike(db: Db, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = await db.client.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    for (const key of page) found.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...found].sort();
}

/** Removes every key of the namespace; what a client that was just killed had still sent, too. Returns how many keys there were. */
export async function removeNamespace(db: Db): Promise<number> {
  let count = 0;
  for (let keys = await namespaceKeys(db); keys.length > 0; keys = await namespaceKeys(db)) {
    for (let i = 0; i < keys.length; i += PAGE) count += await db.client.unlink(...keys.slice(i, i + PAGE));
  }
  return count;
}

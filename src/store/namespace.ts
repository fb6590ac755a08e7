import type { Db } from './db.ts';

const PAGE = 1000;

/** Writes a key of the namespace that is gone at once. Throws what Redis says when that is not allowed. */
export async function probeNamespace(db: Db): Promise<void> {
  await db.client.set(`${db.prefix}:probe`, '', 'PX', 1);
}

/** Every key of the namespace, sorted. It looks at all keys of Redis, a page at a time. */
export async function namespaceKeys(db: Db): Promise<string[]> {
  const found = new Set<string>();
  const pattern = `${db.prefix.replace(/[\\*?[\]]/g, '\\$&')}:*`;
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

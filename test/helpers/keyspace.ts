import type { Redis } from 'ioredis';

/** Every key of a Redis, or of one namespace, with its content and the time at which it expires, to be compared with a later one. */
export async function dumpKeys(client: Redis, namespace?: string): Promise<Record<string, string>> {
  const dump: Record<string, string> = {};
  for (const key of (await client.keys(namespace === undefined ? '*' : `${namespace}:*`)).sort()) {
    const [content, expiresAt] = await Promise.all([client.dumpBuffer(key), client.call('PEXPIRETIME', key)]);
    dump[key] = `${content?.toString('base64')} until ${expiresAt}`;
  }
  return dump;
}

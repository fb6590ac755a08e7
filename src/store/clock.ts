import type { Db } from './db.ts';

/** Redis's clock in milliseconds. A user who may only read may not be allowed TIME: then this host's clock has to do. */
export async function redisNow(db: Db): Promise<number> {
  try {
    const [seconds, microseconds] = await db.client.time();
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  } catch {
    return Date.now();
  }
}

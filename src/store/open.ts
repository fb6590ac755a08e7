import { type Config, socketPath } from '../config.ts';
import { RqtError } from '../errors.ts';
import { maskUrl } from '../redis-url.ts';
import { type Db, type DbOptions, openDb } from './db.ts';

/**
 * Opens the Redis that the configuration names. The private server is started when it does not run yet.
 * @throws RqtError `unreachable`, `tryAgain` or `config`, each with one line.
 */
export async function openStore(config: Config, { persistent = false, onlyReads = false } = {}): Promise<Db> {
  const { redis, connectTimeoutMs, answerTimeoutMs } = config;
  const common = { prefix: config.namespace, connectTimeoutMs, answerTimeoutMs, persistent, onlyReads };
  if (redis.kind === 'url') {
    const hint = `${maskUrl(redis.url)} (from ${redis.from})`;
    return openDb({ ...common, address: redis.address, where: hint, named: redis.from });
  }
  const path = socketPath(redis.home);
  const options: DbOptions = { ...common, address: { kind: 'unix', path, db: 0, username: null, password: null }, where: path };
  try {
    return await openDb(options);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const { startServer } = await import('./server/start.ts');
    await startServer(redis.home, { fsync: redis.fsync });
    return openDb(options);
  }
}

/** Nobody listens there: the private server was not started yet, or died; or there is no way to it, which its starter explains. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof RqtError) || !(error.cause instanceof Error)) return false;
  const { code } = error.cause as NodeJS.ErrnoException;
  return code !== undefined && ['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(code);
}

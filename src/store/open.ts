import { type Config, type Fsync, socketPath } from '../config.ts';
import { RqtError } from '../errors.ts';
import { maskUrl } from '../redis-url.ts';
import { type Db, type DbOptions, openDb } from './db.ts';

/** How to open. */
interface OpenOptions {
  /** See {@link DbOptions}. A private server that is lost is then started again. */
  readonly persistent?: boolean;
  readonly onlyReads?: boolean;
  /** Hears why a private server that is lost is not started again. */
  readonly tell?: (trouble: string) => void;
}

/**
 * Opens the Redis that the configuration names. The private server is started when it does not run yet.
 * @throws RqtError `unreachable`, `tryAgain`, `brokenServer` or `config`, each with one line.
 */
export async function openStore(
  config: Config,
  { persistent = false, onlyReads = false, tell = () => {} }: OpenOptions = {},
): Promise<Db> {
  const { redis, connectTimeoutMs, answerTimeoutMs } = config;
  const common = { prefix: config.namespace, connectTimeoutMs, answerTimeoutMs, persistent, onlyReads };
  if (redis.kind === 'url') {
    const hint = `${maskUrl(redis.url)} (from ${redis.from})`;
    return openDb({ ...common, address: redis.address, where: hint, named: redis.from });
  }
  const path = socketPath(redis.home);
  const options: DbOptions = { ...common, address: { kind: 'unix', path, db: 0, username: null, password: null }, where: path };
  const db = await openPrivate(options, redis);
  if (persistent) {
    const { keepServer } = await import('./server/keep.ts');
    keepServer(db, { ...redis, tell });
  }
  return db;
}

async function openPrivate(options: DbOptions, { home, fsync }: { home: string; fsync: Fsync }): Promise<Db> {
  try {
    return await openDb(options);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const { startServer } = await import('./server/start.ts');
    await startServer(home, { fsync });
    return openDb(options);
  }
}

/** Nobody listens there: the private server was not started yet, or died; or there is no way to it, which its starter explains. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof RqtError) || !(error.cause instanceof Error)) return false;
  const { code } = error.cause as NodeJS.ErrnoException;
  return code !== undefined && ['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(code);
}

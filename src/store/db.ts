import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from '../redis-url.ts';
import { noteTrouble, refusalOf, unreachable } from './failure.ts';

/** An open connection to the Redis that holds the queues, and the prefix of its keys. */
export interface Db {
  readonly client: Redis;
  readonly prefix: string;
  /** Where this is, for messages; never with a password. */
  readonly where: string;
}

/** What is needed to open a {@link Db}. Durations in milliseconds. */
export interface DbOptions {
  readonly address: RedisAddress;
  readonly prefix: string;
  readonly where: string;
  readonly connectTimeoutMs: number;
  /** A connection on which Redis owes an answer for longer is dead: its other end may be gone without a word. */
  readonly answerTimeoutMs?: number;
  /** A worker's connection: comes back by itself, for ever, and sends again what was not answered. */
  readonly persistent?: boolean;
  /** It only looks, under a user who may not be allowed INFO, with which a persistent connection else makes sure that Redis is ready. */
  readonly onlyReads?: boolean;
}

/** Opens a connection. Fails with one line: `unreachable` when there is none within the time, or what Redis refuses. */
export async function openDb(options: DbOptions): Promise<Db> {
  const { where } = options;
  const client = newClient(options, options.persistent ? PERSISTENT : ONE_SHOT);
  let lastError: unknown;
  client.on('error', error => {
    lastError = error;
    noteTrouble(client, error);
  });
  try {
    await within(client.connect(), options.connectTimeoutMs);
    // connect() does not care whether the database that was asked for could be selected: work would go to another one.
    if (refusalOf(where, lastError)) throw lastError;
  } catch (error) {
    client.disconnect();
    // connect() itself may only say that the connection is closed; the cause was in the event before.
    const cause = lastError ?? error;
    throw refusalOf(where, cause) ?? unreachable(where, cause);
  }
  return { client, prefix: options.prefix, where };
}

/** ioredis's own limit ends with the connection of the socket: a Redis that is stopped accepts it and never answers. */
async function within(connected: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    await Promise.race([connected, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** No command blocks for longer on the connection of a {@link Db}. */
const LONGEST_BLOCK_MS = 1000;

/** A second connection to where `db` is, for calls that block for so long, and for subscriptions, made at its first command. It comes back by itself. */
export function duplicateDb(db: Db, longestBlockMs = 0): Redis {
  const { socketTimeout } = db.client.options;
  const client = db.client.duplicate({
    ...PERSISTENT,
    ...(socketTimeout !== undefined && { socketTimeout: socketTimeout + longestBlockMs }),
  });
  client.on('error', () => {});
  return client;
}

/** Closes a connection at once; what was not answered is lost to the caller, not to Redis. */
export function closeDb(db: Db): void {
  db.client.disconnect();
}

const ONE_SHOT = {
  lazyConnect: true,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  enableReadyCheck: false,
} satisfies RedisOptions;

/** Reconnects with a growing pause and some jitter, so that many workers do not all come at once. */
const PERSISTENT = {
  lazyConnect: true,
  maxRetriesPerRequest: null,
  autoResendUnfulfilledCommands: true,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000) * (0.5 + Math.random() / 2),
  reconnectOnError: (error: Error) => (/^(READONLY|MASTERDOWN)/.test(error.message) ? 2 : false),
} satisfies RedisOptions;

function newClient(
  { address, connectTimeoutMs, answerTimeoutMs, onlyReads = false }: DbOptions,
  base: typeof ONE_SHOT | typeof PERSISTENT,
): Redis {
  return new Redis({
    ...base,
    ...(onlyReads && { enableReadyCheck: false }),
    connectTimeout: connectTimeoutMs,
    ...(answerTimeoutMs !== undefined && { socketTimeout: answerTimeoutMs + LONGEST_BLOCK_MS }),
    // ioredis waits that long for a connection to close, even for one that never opened: the process would not end before.
    disconnectTimeout: 20,
    keepAlive: 30_000,
    db: address.db,
    ...(address.username !== null && { username: address.username }),
    ...(address.password !== null && { password: address.password }),
    ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
    ...(address.kind === 'tcp' && address.tls && { tls: { rejectUnauthorized: address.tls.verify } }),
  });
}

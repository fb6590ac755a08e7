import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from '../redis-url.ts';
import { isForeign, noteTrouble, refusalOf, unreachable } from './failure.ts';

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
  /** The flag, variable or line that named it; absent: the private server. */
  readonly named?: string;
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
  const client: Redis = newClient(options, options.persistent ? persistent(() => movedOn.add(client)) : ONE_SHOT);
  if (options.persistent) checkQuietly(client);
  let lastError: unknown;
  client.on('error', error => {
    // What is no Redis hangs up, too: that comes later, and tells less.
    if (!isForeign(lastError)) lastError = error;
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
    throw refusalOf(where, cause) ?? unreachable(where, cause, options.named);
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
    ...persistent(),
    ...(socketTimeout !== undefined && { socketTimeout: socketTimeout + longestBlockMs }),
  });
  client.on('error', () => {});
  checkQuietly(client);
  return client;
}

/** ioredis asks INFO whether Redis is ready, and writes to the terminal each time that a user may not ask: then it counts as ready. */
function checkQuietly(client: Redis): void {
  type Done = (error: Error | null, text: string) => void;
  const ask = client.info.bind(client) as (done: Done) => Promise<string>;
  const info = (done: Done) => ask((error, text) => (error?.message.startsWith('NOPERM') ? done(null, '') : done(error, text)));
  Object.assign(client, { info });
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
function persistent(onMove = () => {}) {
  return {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: true,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000) * (0.5 + Math.random() / 2),
    reconnectOnError: moveOn(onMove),
  } satisfies RedisOptions;
}

/** Connections that were given up for another one, see {@link hasMovedOn}. */
const movedOn = new WeakSet<Redis>();
const FIRST_MOVE_MS = 100;
const LONGEST_STAY_MS = 10_000;

/**
 * After a failover the address may lead to another Redis: a replica is left for a new connection, after pauses that grow while it leads to
 * a replica all the same. What was refused is for its caller to try again.
 */
function moveOn(onMove: () => void): (error: Error) => 1 | false {
  let pauseMs = FIRST_MOVE_MS;
  let movedAt = Number.NEGATIVE_INFINITY;
  return error => {
    if (!/^(READONLY|MASTERDOWN)/.test(error.message)) return false;
    const sinceMs = performance.now() - movedAt;
    if (sinceMs < pauseMs) return false;
    pauseMs = sinceMs > 6 * LONGEST_STAY_MS ? FIRST_MOVE_MS : Math.min(2 * pauseMs, LONGEST_STAY_MS) * (0.75 + Math.random() / 4);
    movedAt = performance.now();
    onMove();
    return 1;
  };
}

/** Whether a connection that was closed just now was given up to look for a master; tells so once. */
export function hasMovedOn({ client }: Db): boolean {
  return movedOn.delete(client);
}

function newClient(
  { address, connectTimeoutMs, answerTimeoutMs, onlyReads = false }: DbOptions,
  base: typeof ONE_SHOT | ReturnType<typeof persistent>,
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

/**
 * Which Redis, which namespace: decided by flags, environment and configuration files alone, never by what happens to be reachable (DESIGN section 5).
 */
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { RqtError } from './errors.ts';
import { parseDuration } from './parse/duration.ts';
import { oneLine, parseRedisUrl, type RedisAddress } from './redis-url.ts';

/** Everything that decides where a command's data live. */
export interface Config {
  readonly redis: RedisChoice;
  /** What every key starts with; RQ's own is `rq`. */
  readonly namespace: string;
  readonly connectTimeoutMs: number;
  /** Where jobs for this Redis and namespace are kept while it cannot be reached; null: there is no home directory for that. */
  readonly spoolFolder: string | null;
  /** How long Redis may take for one answer before its connection counts as dead. */
  readonly answerTimeoutMs: number;
}

/** A Redis that was named (`from`: the flag or the variable that named it), or the private one that lives in the folder `home`. */
type RedisChoice =
  | { readonly kind: 'url'; readonly url: string; readonly from: string; readonly address: RedisAddress }
  | { readonly kind: 'private'; readonly home: string; readonly fsync: Fsync };

/** Redis's `appendfsync`. */
export type Fsync = (typeof FSYNC)[number];
const FSYNC = ['always', 'everysec', 'no'] as const;

/** The flags that {@link readConfig} looks at. */
export interface ConfigFlags {
  readonly url?: string | undefined;
  readonly namespace?: string | undefined;
  readonly connectTimeout?: string | undefined;
}

/** What a configuration file says of the same, and of the private server. */
export type ConfigOfFile = { readonly [name in 'url' | 'namespace' | 'home' | 'fsync' | 'redis-timeout']?: Given | undefined };

type Env = Readonly<Record<string, string | undefined>>;

/** A value and the flag, variable or file it came from. */
export interface Given {
  readonly value: string;
  readonly from: string;
}

const URL_VARIABLES = ['RQT_REDIS_URL', 'RQT_URL', 'RQ_REDIS_URL', 'REDIS_URL'] as const;
const CONNECT_TIMEOUT_MS = 5000;
/** What Node's timers count up to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** `sun_path` holds 104 bytes on macOS and BSD, 108 on Linux, a NUL included. */
const SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * Reads the configuration. A flag goes before a variable, a variable before a file; an empty variable counts as unset.
 * @throws RqtError `usage` for a wrong flag, `config` for a wrong variable, naming it, passwords masked.
 */
export function readConfig(env: Env, flags: ConfigFlags = {}, file: ConfigOfFile = {}): Config {
  const redis = chooseRedis(env, flags, file);
  const namespace = readNamespace(env, flags, file);
  const connectTimeoutMs = readConnectTimeout(flags.connectTimeout);
  return {
    redis,
    namespace,
    connectTimeoutMs,
    answerTimeoutMs: readAnswerTimeout(env, file),
    spoolFolder: spoolFolder(namedHome(env, file), env, `${targetOf(redis)} ${namespace}`),
  };
}

function readConnectTimeout(text: string | undefined): number {
  if (text === undefined) return CONNECT_TIMEOUT_MS;
  const ms = parseDuration(text, '--connect-timeout', { allowZero: false, allowNone: false, wholeSeconds: false });
  return Math.min(ms ?? CONNECT_TIMEOUT_MS, LONGEST_TIMER_MS);
}

/** One folder for each Redis, as it is named, and each namespace. Its files say the namespace again. */
function spoolFolder(named: string | undefined, env: Env, target: string): string | null {
  try {
    const home = named ?? join(stateHome(env), 'rqt');
    return join(home, 'spool', `${target.replace(/[^\w.-]+/g, '_').slice(-100)}-${hashOf(target)}`);
  } catch {
    return null;
  }
}

function targetOf(redis: RedisChoice): string {
  return redis.kind === 'private' ? redis.home : addressText(redis.address);
}

function addressText(address: RedisAddress): string {
  return `${address.kind === 'unix' ? address.path : `${address.host}:${address.port}`}/${address.db}`;
}

/** FNV-1a: loading node:crypto would cost every command 3 ms. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/** Where the private server that lives in `home` listens. */
export function socketPath(home: string): string {
  return join(home, 'redis.sock');
}

function chooseRedis(env: Env, flags: ConfigFlags, file: ConfigOfFile): RedisChoice {
  const given = firstGiven(env, '--url', flags.url, URL_VARIABLES) ?? file.url;
  if (!given) return { kind: 'private', home: privateHome(env, file), fsync: readFsync(env, file) };
  const address = parseRedisUrl(given.value, message => refuse(given, message));
  return { kind: 'url', url: given.value, from: given.from, address };
}

function readNamespace(env: Env, flags: ConfigFlags, file: ConfigOfFile): string {
  const given = firstGiven(env, '--namespace', flags.namespace, ['RQT_NAMESPACE']) ?? file.namespace;
  if (!given) return 'rq';
  if (/^[\w.:{}-]+$/.test(given.value)) return given.value;
  throw refuse(given, `'${oneLine(given.value)}' is no namespace: use letters, digits and any of _ . : { } -`);
}

function readFsync(env: Env, file: ConfigOfFile): Fsync {
  const { value: text, from } = firstGiven(env, '', undefined, ['RQT_FSYNC']) ?? file.fsync ?? { value: 'always', from: '' };
  const known = FSYNC.find(name => name === text);
  if (known) return known;
  throw new RqtError('config', `${from}: '${oneLine(text)}' is not one of ${FSYNC.join(', ')}`);
}

/** Long enough for a Redis that swaps or forks; one that is busy with a script says so after 5 s of its own. */
function readAnswerTimeout(env: Env, file: ConfigOfFile): number {
  const given = firstGiven(env, '', undefined, ['RQT_REDIS_TIMEOUT']) ?? file['redis-timeout'] ?? { value: '30s', from: '' };
  try {
    return parseDuration(given.value, given.from, { allowZero: false, allowNone: false, wholeSeconds: false }) ?? 0;
  } catch (error) {
    throw error instanceof RqtError ? new RqtError('config', error.message) : error;
  }
}

function privateHome(env: Env, file: ConfigOfFile): string {
  const home = namedHome(env, file) ?? join(stateHome(env), 'rqt');
  const excess = Buffer.byteLength(socketPath(home)) - SOCKET_PATH_BYTES;
  if (excess <= 0) return home;
  throw new RqtError(
    'config',
    `the path ${oneLine(home)} is ${excess} bytes too long for a socket in it: set RQT_HOME to a shorter one`,
  );
}

function namedHome(env: Env, file: ConfigOfFile): string | undefined {
  const named = env.RQT_HOME || file.home?.value;
  return named ? resolve(named) : undefined;
}

/** A relative XDG_STATE_HOME is ignored, as the XDG base directory specification asks. */
function stateHome(env: Env): string {
  if (env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME)) return env.XDG_STATE_HOME;
  const home = env.HOME || homeOfUser();
  if (isAbsolute(home)) return join(home, '.local', 'state');
  throw new RqtError(
    'config',
    'no home directory to keep the private Redis in: set RQT_HOME to a directory, or RQT_REDIS_URL to a Redis',
  );
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '';
  }
}

function firstGiven(env: Env, flag: string, value: string | undefined, variables: readonly string[]): Given | undefined {
  if (value !== undefined) return { value, from: flag };
  const from = variables.find(name => env[name]);
  return from === undefined ? undefined : { value: env[from] ?? '', from };
}

function refuse({ from }: Given, message: string): RqtError {
  return new RqtError(from.startsWith('--') ? 'usage' : 'config', `${from}: ${message}`);
}

/**
 * Redis URLs as redis-py and RQ understand them.
 */
import type { RqtError } from './errors.ts';

/** A Redis URL taken apart; `tls` is null for a plain connection. */
export type RedisAddress = (
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: { readonly verify: boolean } | null }
  | { readonly kind: 'unix'; readonly path: string }
) & { readonly db: number; readonly username: string | null; readonly password: string | null };

const WANTED = 'use redis://host:6379/0, rediss://… or unix:///path/to/redis.sock?db=0';

/**
 * Takes a URL apart: `redis://`, `rediss://`, `unix://` (also `redis+unix://`, `redis+socket://`) or the bare absolute path of a socket.
 * Host, port, db and password have redis-py's defaults; of redis-py's options only `db`, `password` and `ssl_cert_reqs` are heeded.
 * @param refuse makes the error to throw out of a line that says what is wrong.
 */
export function parseRedisUrl(text: string, refuse: (message: string) => RqtError): RedisAddress {
  const url = parse(text);
  if (!url) throw refuse(`'${maskUrl(text)}' is no Redis URL: ${WANTED}`);
  const login = {
    username: decode(url.username) || null,
    password: decode(url.password) || url.searchParams.get('password') || null,
  };
  if (url.protocol === 'redis:' || url.protocol === 'rediss:') {
    return {
      kind: 'tcp',
      host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
      port: Number(url.port || 6379),
      tls: url.protocol === 'redis:' ? null : { verify: url.searchParams.get('ssl_cert_reqs') !== 'none' },
      db: readDb(url.searchParams.get('db') ?? url.pathname.slice(1)),
      ...login,
    };
  }
  if (url.hostname !== SOCKET_HOST || url.pathname === '/')
    throw refuse(`'${maskUrl(text)}' names no socket by its absolute path: ${WANTED}`);
  return { kind: 'unix', path: decode(url.pathname), db: readDb(url.searchParams.get('db') ?? ''), ...login };

  function decode(part: string): string {
    try {
      return decodeURIComponent(part);
    } catch {
      throw refuse(`'${maskUrl(text)}' has a % that begins no escape: write %25`);
    }
  }

  function readDb(db: string): number {
    if (/^\d{0,9}$/.test(db)) return Number(db);
    throw refuse(`'${maskUrl(text)}' names the database '${oneLine(db)}': it must be a number`);
  }
}

/** The URL of a socket: each character of its path that means something in a URL is escaped. */
export function socketUrl(path: string): string {
  return `unix://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`;
}

/** The URL with its password replaced by `***`, fit for a message even where it is no valid URL. */
export function maskUrl(url: string): string {
  const masked = oneLine(url)
    .replace(/^([a-z+]*:\/*)?([^:@/]*):.*@/i, '$1$2:***@')
    .replace(/([?&]password=)[^&]*/gi, '$1***');
  // Where a typing error has made another shape of it, nothing before the @ is shown.
  return /^([a-z+]*:\/*)?[^:@/]*(:\*\*\*)?@[^@]*$|^[^@]*$/i.test(masked) ? masked : masked.replace(/^.*@/, '***@');
}

/** The text with each control character replaced, so that it cannot break a message of one line. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** Stands in for the host that a socket's URL has not: the URL parser takes no login without a host. */
const SOCKET_HOST = 'socket';

function parse(text: string): URL | null {
  const withHost = text
    .replace(/^\//, 'unix:///')
    .replace(
      /^(unix|redis\+unix|redis\+socket):\/\/([^/]*@)?\//i,
      (_, scheme, login = '') => `${scheme}://${login}${SOCKET_HOST}/`,
    );
  const known = /^(rediss?|unix|redis\+unix|redis\+socket):\/\//i.test(withHost);
  return known && URL.canParse(withHost) ? new URL(withHost) : null;
}

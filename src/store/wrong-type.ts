import type { Command, Redis } from 'ioredis';
import { RqtError } from '../errors.ts';
import type { Db } from './db.ts';

/** The error for a key that holds something else, where rqt cannot go on. */
export function wrongType(where: string, key: string): RqtError {
  return new RqtError(
    'config',
    `Redis at ${where} holds something else under ${key} than rqt keeps there: is the namespace used by another program? see --namespace, and rqt fsck`,
  );
}

/** The line for a key that was passed over. */
export function passedOver(key: string): string {
  return `${key} holds something else than rqt keeps there: it stays as it is and counts as empty (rqt fsck tells more)`;
}

/** Who is told of such keys on a connection, once of each. */
const listeners = new WeakMap<Redis, (key: string) => void>();

/** So many are told of one connection: damage beyond that is fsck's to tell. */
const MOST_TOLD = 100;

/**
 * From now on a key of this connection that holds something else than rqt keeps there is left as it is, counts as empty, and is told once: one
 * damaged job, or registry, must not keep the others from being seen. Without it what is read of such a key is an error.
 */
export function passWrongTypes(db: Db, tell: (key: string) => void): void {
  if (!listeners.has(db.client)) answerForWrongTypes(db);
  const told = new Set<string>();
  listeners.set(db.client, key => {
    if (told.has(key) || told.size >= MOST_TOLD) return;
    told.add(key);
    tell(key);
  });
}

/** Tells whoever wants to know of such keys. */
export function tellWrongType({ client }: Db, key: string): void {
  listeners.get(client)?.(key);
}

/** Answers reading commands that Redis refuses with WRONGTYPE as for a key that there is not. Scripts do so by themselves. */
function answerForWrongTypes(db: Db): void {
  const { client } = db;
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, stream) => {
    const reject = command.reject;
    const answer = ANSWERS[command.name.toLowerCase()];
    if (answer) {
      command.reject = error => {
        if (!error.message.startsWith('WRONGTYPE')) return reject(error);
        tellWrongType(db, keyOf(command));
        const value = answer(command.args.length);
        if (command.name.toLowerCase() === 'xread') setTimeout(() => command.resolve(value as never), XREAD_PAUSE_MS);
        else command.resolve(value as never);
      };
    }
    return send(command, stream);
  };
}

/** Those who wait by it would ask again at once. */
const XREAD_PAUSE_MS = 500;

function keyOf({ name, args }: Command): string {
  // Of its several streams, which one it is remains unknown.
  const isXread = name.toLowerCase() === 'xread';
  return String(args[isXread ? args.findIndex(arg => String(arg).toUpperCase() === 'STREAMS') + 1 : 0]);
}

const none = () => null;
const zero = () => 0;
const list = () => [];
const page = () => ['0', []];

const ANSWERS: Readonly<Record<string, (argumentCount: number) => unknown>> = {
  ...{ get: none, hget: none, lindex: none, lpos: none, zscore: none, xread: none },
  ...{
    hexists: zero,
    hlen: zero,
    hstrlen: zero,
    llen: zero,
    scard: zero,
    sismember: zero,
    zcard: zero,
    zcount: zero,
    xlen: zero,
  },
  ...{
    hgetall: list,
    lrange: list,
    smembers: list,
    xrange: list,
    xrevrange: list,
    zrange: list,
    zrangebyscore: list,
    zrevrange: list,
  },
  ...{ hscan: page, sscan: page, zscan: page },
  hmget: count => new Array(count - 1).fill(null),
};

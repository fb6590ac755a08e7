import { type ErrorCode, RqtError } from '../errors.ts';
import type { Db } from './db.ts';

/** The one line for a Redis that does not answer: where, why, what to do. */
export function unreachable(where: string, cause: unknown, named?: string): RqtError {
  const next = named === undefined ? 'look: rqt redis status' : `${remedyFor(cause)}correct ${named}`;
  const why = isClosed(cause) ? 'it closed the connection without an answer' : reasonOf(cause);
  return new RqtError('unreachable', `Redis at ${where} cannot be reached: ${why} (${next})`, { cause });
}

function remedyFor(cause: unknown): string {
  if (isForeign(cause)) return '';
  if (isClosed(cause)) return 'see that it is a Redis, and up, or ';
  return isAbsent(cause) ? 'start it, or ' : 'see that it is up, or ';
}

/** Whether what answered spoke another protocol: ioredis's decoder says no more of it than that it is to be reported. */
export function isForeign(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith('Please report this.');
}

/** It hung up on the greeting: what is no Redis may do so before any of its answer has been read. */
function isClosed(cause: unknown): boolean {
  const isCut = codeOfSystem(cause) === 'EPIPE' || codeOfSystem(cause) === 'ECONNRESET';
  return isCut || (cause instanceof Error && cause.message === 'Connection is closed.');
}

/** Nobody listens there. */
function isAbsent(cause: unknown): boolean {
  return codeOfSystem(cause) === 'ECONNREFUSED' || codeOfSystem(cause) === 'ENOENT';
}

function codeOfSystem(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** What a Redis that answered has refused, as one line; undefined for an error that is not Redis's own. */
export function refusalOf(where: string, cause: unknown): RqtError | undefined {
  if (!isReply(cause)) return undefined;
  const [code, what] = MEANINGS[codeOf(cause.message)] ?? meaningOfPlain(cause.message) ?? [];
  return code && new RqtError(code, `Redis at ${where} ${what} (it said: ${said(cause)})`, { cause });
}

/**
 * The error to tell a user: a lost connection and Redis's refusals as one line, anything else as it is. `consequence`: what a lost connection
 * means for what was to be done.
 */
export function failureOf(
  { where, client }: Pick<Db, 'where' | 'client'>,
  error: unknown,
  consequence = 'what was under way may have been done or not',
): unknown {
  if (error instanceof RqtError) return error;
  const refusal = refusalOf(where, error);
  if (refusal) return refusal;
  if (isReply(error) || client.status === 'ready') return error;
  return new RqtError(
    'unreachable',
    `the connection to Redis at ${where} was lost (${reasonOf(troubles.get(client) ?? error)}): ${consequence}`,
    { cause: error },
  );
}

/** What went wrong last on a connection: its commands only hear that it is closed. */
const troubles = new WeakMap<object, unknown>();

/** Keeps why a connection ends, for {@link failureOf}. */
export function noteTrouble(client: object, error: unknown): void {
  troubles.set(client, error);
}

/** Why a connection was lost, in one line. */
export function reasonOf(error: unknown): string {
  if (isForeign(error)) return "what answers there does not speak Redis's protocol";
  const line = oneLineOf(error);
  const silence = /^Socket timeout\..* in (\d+)ms/.exec(line);
  return silence ? `no answer within ${Number(silence[1]) / 1000} s` : line;
}

/** That Redis wants HELLO to carry the password is for those who write clients. */
function said(cause: Error): string {
  return oneLineOf(cause).replace(/^NOAUTH HELLO .*/, 'NOAUTH');
}

type Meaning = readonly [ErrorCode, string];

/** By the first word of an error, which is its code in Redis's protocol. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NOAUTH: ['config', 'wants a password: write redis://:password@host, or unix://:password@/path'],
  WRONGPASS: ['config', 'refuses the user or the password of the URL'],
  NOPERM: ['config', 'does not let this user do that'],
  WRONGTYPE: ['config', 'holds something else under a key of rqt: is the namespace used by another program? see --namespace'],
  CROSSSLOT: ['config', 'is a cluster: give a namespace in braces, such as --namespace {rq}'],
  MOVED: ['config', 'is a cluster: name the node that holds the namespace'],
  READONLY: ['tryAgain', 'is a read-only replica: name its master, or try again when the failover is over'],
  OOM: ['tryAgain', 'has no memory left: raise its maxmemory, or remove something'],
  MISCONF: ['tryAgain', 'cannot write its data to disk'],
  LOADING: ['tryAgain', 'is still loading its data: try again'],
  BUSY: ['tryAgain', 'is busy with a script: try again'],
  MASTERDOWN: ['tryAgain', 'is a replica without its master: try again'],
  CLUSTERDOWN: ['tryAgain', 'is a cluster that is down: try again'],
  TRYAGAIN: ['tryAgain', 'is a cluster that moves its keys: try again'],
  NOREPLICAS: ['tryAgain', 'has too few replicas to accept writes: try again'],
};

/** Whether a Redis that says so may do it soon: it loads, is a replica, is out of memory or disk, has a new password; or its connection was lost. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (LOST.test(error.message)) return true;
  const code = isReply(error) ? (MEANINGS[codeOf(error.message)] ?? meaningOfPlain(error.message))?.[0] : undefined;
  return code === 'tryAgain' || LETS_NOBODY_IN.test(codeOf(error.message));
}

const LOST = /Connection is closed|Stream isn't writeable|Command timed out/;
const LETS_NOBODY_IN = /^(NOAUTH|WRONGPASS|NOPERM)$/;

/** Redis 6 wraps the error of a script's command: `ERR Error running script (…): @user_script: 12: -OOM command …`. */
function codeOf(message: string): string {
  return (/^ERR Error running script.*?: -?([A-Z]+) /.exec(message) ?? /^([A-Z]+)\b/.exec(message))?.[1] ?? '';
}

/** What Redis says without a code of its own. */
function meaningOfPlain(message: string): Meaning | undefined {
  if (/unknown (redis )?command/i.test(message)) return ['config', 'is too old for rqt, which needs Redis 6.2 or later'];
  if (/DB index is out of range|invalid DB index/i.test(message)) return ['config', 'has no database of that number'];
  return /can't run this command/i.test(message) ? MEANINGS.NOPERM : undefined;
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function oneLineOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ');
}

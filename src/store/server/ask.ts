/**
 * One command to a server on a unix socket, in Redis's own protocol: all that starting, looking at and stopping it need.
 */
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { RqtError } from '../../errors.ts';
import { unusable } from './home.ts';

/** What became of a command. `code` is the first word of Redis's error, such as LOADING. */
export type Reply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly code: string; readonly text: string }
  /** Nobody listens on the socket. */
  | { readonly kind: 'absent' }
  /** The server took the command and closed the connection. */
  | { readonly kind: 'closed' }
  /** No answer in time. */
  | { readonly kind: 'silent' };

/**
 * Sends a command whose answer is a status, an error or a bulk string.
 * @throws RqtError `config` when there can be no socket or it may not be used, `unreachable` for what else the system says.
 */
export function ask(socket: string, command: string, timeoutMs = 1000): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let received = '';
    const connection = connect(socket, () => connection.write(`${command}\r\n`));
    const end = (reply: Reply) => {
      clearTimeout(timer);
      connection.destroy();
      resolve(reply);
    };
    const timer = setTimeout(end, timeoutMs, { kind: 'silent' });
    connection.setEncoding('utf8').on('data', text => {
      received += text;
      const reply = parseReply(received);
      if (reply) end(reply);
    });
    connection.once('close', () => end({ kind: 'closed' }));
    connection.once('error', (error: NodeJS.ErrnoException) => {
      const reply = REPLY_TO_ERROR[error.code ?? ''];
      if (reply) return end({ kind: reply });
      clearTimeout(timer);
      const home = dirname(socket);
      if (error.code === 'ENOTDIR') return reject(unusable(home, new Error(`${home} is not a directory`)));
      if (error.code === 'EACCES') return reject(unusable(home, new Error('permission denied')));
      reject(new RqtError('unreachable', `cannot use the private server's socket ${socket}: ${error.message}`, { cause: error }));
    });
  });
}

/** EAGAIN: the socket's queue of waiting connections is full. */
const REPLY_TO_ERROR: Readonly<Record<string, 'absent' | 'closed' | 'silent'>> = {
  ENOENT: 'absent',
  ECONNREFUSED: 'absent',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  EAGAIN: 'silent',
};

/** The reply, or undefined while it is incomplete. */
function parseReply(received: string): Reply | undefined {
  const end = received.indexOf('\r\n');
  if (end < 0) return undefined;
  const head = received.slice(1, end);
  if (received[0] === '-') return { kind: 'error', code: head.split(' ', 1)[0] ?? '', text: head };
  if (received[0] !== '$') return { kind: 'text', text: head };
  const body = Buffer.from(received.slice(end + 2));
  return body.length < Number(head) ? undefined : { kind: 'text', text: body.toString('utf8', 0, Number(head)) };
}

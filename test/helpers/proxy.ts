import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TestRedis } from './redis.ts';

/** What a proxy does with what Redis and its clients say to each other. */
export interface Proxy {
  /** For `RQT_REDIS_URL`. */
  readonly url: string;
  /** Lets everything through again, for connections that are still whole; those whose bytes were swallowed stay as they are. */
  pass(): void;
  /** The next reply of Redis on any connection that `cuts` wants is cut after so many bytes, and its connection with it: once. */
  cutReply(afterBytes: number, cuts?: (request: string) => boolean): Promise<void>;
  /** From now on nothing reaches the other side any more, on any connection that is open now or opened meanwhile; nobody is told. */
  swallow(direction: 'requests' | 'replies' | 'both'): void;
  /** A connection on which such a request is made hears nothing any more, from the answer to that request on. */
  silence(when: (request: string) => boolean): void;
  /** Every reply takes so long. */
  delay(ms: number): void;
  /** New connections lead to another Redis. */
  redirect(to: TestRedis): void;
  /** How many connections were made so far. */
  readonly connections: number;
}

/** One connection through the proxy. */
interface Line {
  readonly client: Socket;
  readonly server: Socket;
  swallows: 'nothing' | 'requests' | 'replies' | 'both';
  /** What the client has said since Redis last answered. */
  request: string;
}

let serial = 0;

/** Opens a proxy in front of a Redis, on a socket beside its own. It is closed when the test file ends. */
export async function openProxy(redis: TestRedis): Promise<Proxy> {
  serial += 1;
  const path = join(redis.dir, `proxy-${serial}.sock`);
  const lines = new Set<Line>();
  let swallows: Line['swallows'] = 'nothing';
  let cut: { readonly afterBytes: number; readonly cuts: (request: string) => boolean; readonly done: () => void } | null = null;
  let silences: (request: string) => boolean = () => false;
  let delayMs = 0;
  let socket = redis.socket;
  let connections = 0;

  const reply = (line: Line, bytes: Buffer) => {
    if (line.swallows === 'nothing' && silences(line.request)) line.swallows = 'replies';
    if (line.swallows === 'replies' || line.swallows === 'both') return;
    if (cut?.cuts(line.request)) {
      line.client.write(bytes.subarray(0, cut.afterBytes), () => line.client.destroy());
      line.server.destroy();
      cut.done();
      cut = null;
      return;
    }
    line.request = '';
    line.client.write(bytes);
  };
  const server = createServer(client => {
    connections += 1;
    const line: Line = { client, server: connect(socket), swallows, request: '' };
    lines.add(line);
    client.on('data', bytes => {
      line.request += bytes.toString('latin1');
      if (line.swallows !== 'requests' && line.swallows !== 'both') line.server.write(bytes);
    });
    line.server.on('data', bytes => {
      if (delayMs === 0) reply(line, bytes);
      else setTimeout(() => reply(line, bytes), delayMs);
    });
    for (const [end, other] of [
      [client, line.server],
      [line.server, client],
    ] as const) {
      end.on('error', () => {});
      end.on('close', () => {
        lines.delete(line);
        other.destroy();
      });
    }
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  after(() => {
    server.close();
    for (const { client } of lines) client.destroy();
  });
  return {
    url: `unix://${path}`,
    pass: () => {
      swallows = 'nothing';
      silences = () => false;
      delayMs = 0;
    },
    cutReply: (afterBytes, cuts = () => true) =>
      new Promise(done => {
        cut = { afterBytes, cuts, done };
      }),
    swallow: direction => {
      swallows = direction;
      for (const line of lines) line.swallows = direction;
    },
    silence: when => {
      silences = when;
    },
    redirect: to => {
      socket = to.socket;
    },
    delay: ms => {
      delayMs = ms;
    },
    get connections() {
      return connections;
    },
  };
}

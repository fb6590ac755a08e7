import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of the bench's own: a unix socket in a temporary folder, nothing written to disk. */
export interface BenchRedis {
  readonly url: string;
  readonly socket: string;
  readonly client: Redis;
}

/** Starts a Redis, does the work with it, and removes it whatever happens. */
export async function withRedis<T>(work: (redis: BenchRedis) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'rqt-bench-redis-'));
  const socket = join(dir, 'redis.sock');
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', dir],
    {
      stdio: 'ignore',
    },
  );
  const exited = once(server, 'exit');
  const stop = () => server.kill('SIGKILL');
  process.once('exit', stop);
  const client = new Redis({ path: socket, maxRetriesPerRequest: null, retryStrategy: () => 20, lazyConnect: true });
  client.on('error', () => {});
  try {
    await Promise.race([client.ping(), exited.then(() => Promise.reject(new Error('redis-server did not start')))]);
    return await work({ url: `unix://${socket}`, socket, client });
  } finally {
    client.disconnect();
    stop();
    process.off('exit', stop);
    await Promise.race([exited, sleep(5000)]);
    rmSync(dir, { recursive: true, force: true });
  }
}

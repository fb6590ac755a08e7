import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Redis } from 'ioredis';
import { until } from './until.ts';

/** A real Redis of this test file's own: a unix socket in a directory of its own. */
export interface TestRedis {
  /** For `RQT_REDIS_URL`. */
  readonly url: string;
  readonly socket: string;
  readonly dir: string;
  /** A connection for the test's own look at the keys. */
  readonly client: Redis;
  /** Ends the server with this signal and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Halts the server: its connections stay open, and nothing answers on them (SIGSTOP). */
  pause(): void;
  /** Lets a halted server go on. */
  resume(): void;
  /** Starts the server again on the same directory. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis and stops it, its directory with it, when the test file ends. `options` are redis-server's own. */
export async function startRedis(...options: string[]): Promise<TestRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'rqt-test-'));
  const socket = join(dir, 'redis.sock');
  let server: ChildProcess | undefined;

  const start = async () => {
    server = spawn(
      serverProgram(),
      ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--logfile', join(dir, 'redis.log'), ...options],
      { stdio: 'ignore' },
    );
    await until(`redis answers on ${socket}`, () => answers(socket));
  };
  const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const running = server;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise(resolve => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };

  const pause = () => void server?.kill('SIGSTOP');
  const resume = () => void server?.kill('SIGCONT');

  await start();
  const client = new Redis({ path: socket, maxRetriesPerRequest: null });
  client.on('error', () => {});
  const stop = async () => {
    client.disconnect();
    await kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  after(stop);
  return { url: `unix://${socket}`, socket, dir, client, kill, pause, resume, start, stop };
}

function serverProgram(): string {
  return process.env.RQT_TEST_REDIS_SERVER ?? 'redis-server';
}

function answers(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(socket);
    probe.once('error', () => resolve(false));
    probe.once('data', data => {
      probe.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    probe.write('PING\r\n');
  });
}

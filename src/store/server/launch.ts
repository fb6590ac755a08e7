/**
 * Starting the server process.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, renameSync, statSync } from 'node:fs';
import { type Fsync, socketPath } from '../../config.ts';
import type { RqtError } from '../../errors.ts';
import { brokenServer, endedServer } from './broken.ts';
import { logPath } from './home.ts';
import type { Lock } from './lock.ts';

/** A server process that this process started. */
export interface Launched {
  /** How it ended, or null while it runs. */
  ended(): Ended | null;
}

/** `orderly`: someone stopped it. Otherwise `error` tells what happened. */
type Ended = { readonly kind: 'orderly' } | { readonly kind: 'broken'; readonly error: RqtError };

/** What to start, where. */
export interface LaunchPlan {
  readonly program: string;
  readonly home: string;
  readonly fsync: Fsync;
  /** The server inherits it and holds it until it ends. */
  readonly lock: Lock;
}

/** Starts a server that outlives this process: a session of its own, and none of this process's streams. */
export function launch({ program, home, fsync, lock }: LaunchPlan): Launched {
  const log = openLog(home);
  const logStart = fstatSync(log).size;
  const server = spawn(program, serverOptions(home, fsync), { cwd: home, detached: true, stdio: ['ignore', log, log, lock.fd] });
  closeSync(log);
  server.unref();
  let end: string | number | null = null;
  server.once('error', error => {
    end = error.message;
  });
  server.once('exit', (status, signal) => {
    end ??= signal ?? status;
  });
  return {
    ended() {
      if (end === null) return null;
      if (end === 0) return { kind: 'orderly' };
      return { kind: 'broken', error: end === REFUSED ? brokenServer(home, logStart) : endedServer(home, end) };
    },
  };
}

/** Redis's exit status when its data or settings keep it from starting. */
const REFUSED = 1;

/** The append-only file is written and synced before each answer: what was acknowledged outlives a kill. */
function serverOptions(home: string, fsync: Fsync): string[] {
  const options = {
    port: '0',
    unixsocket: socketPath(home),
    unixsocketperm: '700',
    dir: home,
    appendonly: 'yes',
    appendfsync: fsync,
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

const LOG_CAP_BYTES = 1_000_000;

/** Keeps one old log, so that the two are bounded and what led to a restart can still be read. */
function openLog(home: string): number {
  const path = logPath(home);
  const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (size > LOG_CAP_BYTES) renameSync(path, `${path}.old`);
  return openSync(path, 'a', 0o600);
}

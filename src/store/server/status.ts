/**
 * Looking at the private server. Starts and writes nothing.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { socketPath } from '../../config.ts';
import { RqtError } from '../../errors.ts';
import { ask } from './ask.ts';
import { logPath } from './home.ts';

/** The private server as it stands, running or not. */
export type ServerStatus = {
  readonly home: string;
  readonly socket: string;
  readonly log: string;
  /** Size of the data on disk. */
  readonly dataBytes: number;
} & ({ readonly running: false } | ({ readonly running: true } & RunningServer));

/** What only a running server has. */
interface RunningServer {
  readonly pid: number;
  readonly program: 'redis' | 'valkey';
  readonly version: string;
  readonly uptimeMs: number;
  readonly memoryBytes: number;
  /** Open connections, that of this look included. */
  readonly connections: number;
  /** It still reads its data from disk and answers nothing else. */
  readonly loading: boolean;
}

/**
 * Describes the server that lives in `home`.
 * @throws RqtError `unreachable` when a server is there but gives no answer.
 */
export async function serverStatus(home: string): Promise<ServerStatus> {
  const socket = socketPath(home);
  const common = { home, socket, log: logPath(home), dataBytes: sizeOfData(home) };
  const reply = await ask(socket, 'INFO', 5000);
  if (reply.kind === 'absent' || reply.kind === 'closed') return { running: false, ...common };
  if (reply.kind === 'text') return { running: true, ...common, ...readInfo(reply.text) };
  const reason = reply.kind === 'error' ? `refuses: ${reply.text}` : 'does not answer';
  throw new RqtError('unreachable', `the private Redis on ${socket} ${reason}; see ${common.log}`);
}

function readInfo(text: string): RunningServer {
  const info = new Map(text.split('\r\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  const number = (name: string) => Number(info.get(name) ?? 0);
  const valkeyVersion = info.get('valkey_version');
  return {
    pid: number('process_id'),
    program: valkeyVersion ? 'valkey' : 'redis',
    version: valkeyVersion ?? info.get('redis_version') ?? '',
    uptimeMs: number('uptime_in_seconds') * 1000,
    memoryBytes: number('used_memory'),
    connections: number('connected_clients'),
    loading: info.get('loading') === '1',
  };
}

/** From Redis 7 on the append-only file is a folder of files. */
function sizeOfData(home: string): number {
  const folders = [home, join(home, 'appendonlydir')];
  const files = folders.flatMap(folder => listFiles(folder).filter(path => /\.(aof|rdb)$/.test(path)));
  return files.reduce((bytes, path) => bytes + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder).map(name => join(folder, name));
  } catch {
    return [];
  }
}

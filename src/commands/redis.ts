import type { Command, CommandLine } from '../command.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { oneOfThese } from '../parse/quote.ts';
import { socketUrl } from '../redis-url.ts';
import type { ServerStatus } from '../store/server/index.ts';
import { configOf, print } from './shared/io.ts';

const VERBS = ['status', 'url', 'stop'] as const;

export const command: Command = {
  name: 'redis',
  synopsis: '<status|url|stop>',
  summary: 'manage the private Redis that rqt starts for you',
  words: { min: 1, max: 1 },
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document (status)' }],
  epilogue:
    'The private server is used when no URL is given; its data live in $RQT_HOME, else ~/.local/state/rqt. RQT_FSYNC=everysec relaxes its syncing.',
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const verb = VERBS.find(name => name === words[0]);
  if (!verb) throw new RqtError('usage', `rqt redis ${words[0]}: say ${oneOfThese(VERBS)}`);
  const { redis } = configOf(options);
  if (redis.kind === 'url') {
    throw new RqtError(
      'no',
      `rqt does not manage the Redis named by ${redis.from}: the private server is used only when no URL is given`,
    );
  }
  const server = await import('../store/server/index.ts');
  switch (verb) {
    case 'url':
      print(socketUrl(server.socketPath(redis.home)));
      return 0;
    case 'stop':
      print((await server.stopServer(redis.home)) ? 'stopped; its data are kept' : 'it was not running');
      return 0;
    case 'status':
      return status(await server.serverStatus(redis.home), redis.home, options.flag('json'));
  }
}

async function status(found: ServerStatus, home: string, json: boolean): Promise<number> {
  if (json) print(JSON.stringify(documentOf(found)));
  else print(await describe(found, home));
  return found.running ? 0 : EXIT_STATUS.no;
}

/** Every key is always there; what only a running server has is null without one. */
function documentOf(found: ServerStatus) {
  const { home, socket, log, dataBytes } = found;
  const running = found.running ? found : null;
  return {
    version: 1,
    kind: 'redis',
    running: found.running,
    home,
    url: socketUrl(socket),
    log,
    data_bytes: dataBytes,
    pid: running?.pid ?? null,
    program: running?.program ?? null,
    program_version: running?.version ?? null,
    uptime_seconds: running === null ? null : running.uptimeMs / 1000,
    memory_bytes: running?.memoryBytes ?? null,
    connections: running?.connections ?? null,
    loading: running?.loading ?? null,
  };
}

async function describe(found: ServerStatus, home: string): Promise<string> {
  if (!found.running) return `not running; the next command starts it\nhome     ${home}`;
  const [{ formatBytes }, { formatDuration }] = await Promise.all([import('../bytes.ts'), import('../view/duration.ts')]);
  return [
    `running  pid ${found.pid}, ${PROGRAMS[found.program]} ${found.version}, up ${formatDuration(found.uptimeMs)}${found.loading ? ', still loading its data' : ''}`,
    `socket   ${found.socket}`,
    `home     ${home}`,
    `memory   ${formatBytes(found.memoryBytes)}`,
  ].join('\n');
}

const PROGRAMS = { redis: 'Redis', valkey: 'Valkey' } as const;

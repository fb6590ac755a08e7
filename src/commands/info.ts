import type { Command, CommandLine, Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { parseQueueName } from '../parse/names.ts';
import { quote } from '../parse/quote.ts';
import { type Db, overview } from '../store/index.ts';
import type { InfoOptions } from '../view/info.ts';
import { refuseTwoOutputs } from './shared/exclude.ts';
import { configOf, print, readStore, say } from './shared/io.ts';
import { countSpooled } from './shared/spooled.ts';
import { refuseUnknownQueues } from './shared/unknown.ts';

export const command: Command = {
  name: 'info',
  synopsis: '[queues…]',
  summary: 'show queues and workers',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    {
      name: 'interval',
      alias: 'i',
      type: 'string',
      value: 'SECONDS',
      describe: 'draw again every so many seconds, until Ctrl-C (then 0; SIGTERM: 143); outlasts a restart of Redis',
    },
    { name: 'raw', alias: 'r', type: 'boolean', describe: "RQ's raw lines, for scripts" },
    { name: 'only-queues', alias: 'Q', type: 'boolean', describe: 'queues only; --json has both' },
    { name: 'only-workers', alias: 'W', type: 'boolean', describe: 'workers only; --json has both' },
    { name: 'by-queue', alias: 'R', type: 'boolean', describe: 'workers by queue' },
    { name: 'json', type: 'boolean', describe: 'one JSON document' },
  ],
  run,
};

async function run({ words, options }: CommandLine): Promise<number> {
  const queues = words.map(parseQueueName);
  refuseTwoOutputs(options, 'raw', 'json');
  const intervalMs = readInterval(options);
  const render = await rendererFor(options);
  const look = async (db: Db) => {
    await refuseUnknownQueues(db, queues);
    return drawn(db, queues, render);
  };
  if (intervalMs !== null) {
    const { redraw } = await import('./info/redraw.ts');
    return redraw(options, { first: look, again: db => drawn(db, queues, render), intervalMs });
  }
  // Before Redis is asked: that it cannot be reached is when this matters.
  saySpooled(options);
  return readStore(options, async db => {
    print(await look(db));
    return 0;
  });
}

type Render = (view: Awaited<ReturnType<typeof overview>>) => string;

async function drawn(db: Db, queues: readonly string[], render: Render): Promise<string> {
  return render(await overview(db, queues));
}

async function rendererFor(options: Options): Promise<Render> {
  const shown = {
    onlyQueues: options.flag('only-queues'),
    onlyWorkers: options.flag('only-workers'),
    byQueue: options.flag('by-queue'),
  } satisfies InfoOptions;
  if (shown.onlyQueues && shown.onlyWorkers)
    throw new RqtError('usage', '--only-queues and --only-workers exclude each other; leave both away to see both');
  if (options.flag('json')) {
    const [{ infoDocument }, { safeJson }] = await Promise.all([import('../view/info-json.ts'), import('../view/safe.ts')]);
    return view => safeJson(infoDocument(view));
  }
  if (options.flag('raw')) {
    const { renderInfoRaw } = await import('../view/info-raw.ts');
    return view => renderInfoRaw(view, shown);
  }
  const [{ renderInfo }, { lookOf }] = await Promise.all([import('../view/info.ts'), import('../view/look.ts')]);
  return view => renderInfo(view, lookOf(process.stdout, process.env, Date.now()), shown);
}

function readInterval(options: Options): number | null {
  const text = options.text('interval');
  if (text === undefined) return null;
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0 || seconds > 86_400) {
    throw new RqtError('usage', `--interval ${quote(text)}: it must be a number of seconds above 0, such as --interval 2 or 0.5`);
  }
  return seconds * 1000;
}

/** Nothing is sent by a command that only looks. */
function saySpooled(options: Options): void {
  const files = countSpooled(configOf(options));
  if (files === 0) return;
  say(
    `rqt: ${files === 1 ? '1 file of spooled jobs waits' : `${files} files of spooled jobs wait`} here for a worker or a writing command`,
  );
}

import type { Overview } from '../model.ts';
import type { InfoOptions } from './info.ts';
import { byName } from './info-order.ts';
import { safeLine } from './safe.ts';

/**
 * The lines that `rq info --raw` prints (rq/cli/helpers.py, show_queues and show_workers), sorted by name. As there, `-R`
 * gives `queue: worker (state), …` in place of the lines of workers. The empty text when there is nothing; otherwise
 * without a last line feed.
 */
export function renderInfoRaw(overview: Overview, options: InfoOptions = {}): string {
  const lines: string[] = [];
  if (!options.onlyWorkers) lines.push(...queueLines(overview));
  if (!options.onlyQueues) lines.push(...(options.byQueue ? workersByQueue(overview) : workerLines(overview)));
  return lines.join('\n');
}

function queueLines({ queues }: Overview): string[] {
  return [...queues]
    .sort(byName)
    .map(
      ({ name, queued, started, finished, failed }) =>
        `queue ${safeLine(name)} ${queued}, ${started} executing, ${finished} finished, ${failed} failed`,
    );
}

function workerLines({ workers }: Overview): string[] {
  return [...workers]
    .sort(byName)
    .map(worker =>
      safeLine(
        `worker ${worker.name} (${worker.host} ${worker.address} ${worker.pid ?? 'None'}) ${worker.state} ${worker.queues.join(', ')}. ` +
          `jobs: ${worker.done} finished, ${worker.failed} failed`,
      ),
    );
}

function workersByQueue({ queues, workers }: Overview): string[] {
  const states = new Map(workers.map(({ name, state }) => [name, state]));
  const longest = queues.reduce((length, { name }) => Math.max(length, name.length), 0);
  return [...queues].sort(byName).map(({ name, workers: names }) => {
    const listed = names.map(worker => `${worker} (${states.get(worker) ?? '?'})`).sort();
    return safeLine(`${`${name}:`.padEnd(longest + 1)} ${listed.join(', ') || '–'}`);
  });
}

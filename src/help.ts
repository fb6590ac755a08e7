import type { Command } from './command.ts';

/** What people do with rqt, in the order in which they do it. */
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['put in', ['enqueue', 'cron']],
  ['run', ['worker', 'run']],
  ['look', ['info', 'jobs', 'status', 'result', 'logs', 'wait']],
  ['control', ['cancel', 'stop', 'requeue', 'delete', 'empty', 'suspend', 'resume', 'kill', 'shutdown']],
  ['set up', ['fsck', 'redis', 'config']],
];

/** The help of `rqt` itself: one screen, 80 columns, grouped by what people do. */
export function renderHelp(commands: readonly Command[]): string {
  const summaries = new Map(commands.filter(({ isAlias }) => !isAlias).map(({ name, summary }) => [name, summary]));
  const lines = GROUPS.flatMap(([title, names]) =>
    names
      .filter(name => summaries.has(name))
      .map((name, i) => `${(i === 0 ? title : '').padEnd(9)}${name.padEnd(13)}${summaries.get(name)}`),
  );
  return ['rqt <command>: RQ (Redis Queue) for the terminal; more: rqt <command> --help', ...lines, ...FOOTER].join('\n');
}

const FOOTER = ['Start here: rqt enqueue hello#hello you; rqt worker --burst; Tab: rqt completion'];

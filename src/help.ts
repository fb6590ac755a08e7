import type { Command } from './command.ts';

/** What people do with rqt, in the order in which they do it. A line of help for each; two that are about one thing share theirs. */
const GROUPS: readonly (readonly [title: string, lines: readonly string[]])[] = [
  ['put in', ['enqueue', 'cron']],
  ['run', ['worker', 'run']],
  ['look', ['info', 'jobs', 'status', 'result', 'logs', 'wait']],
  ['control', ['cancel', 'stop', 'requeue', 'delete', 'empty', 'suspend', 'resume', 'kill', 'shutdown']],
  ['set up', ['fsck, selftest', 'redis', 'config']],
];

/** The help of `rqt` itself: one screen, 80 columns, grouped by what people do. */
export function renderHelp(commands: readonly Command[]): string {
  const summaries = new Map(commands.filter(({ isAlias }) => !isAlias).map(({ name, summary }) => [name, summary]));
  const lines = GROUPS.flatMap(([title, rows]) =>
    rows
      .map(row => row.split(', ').filter(name => summaries.has(name)))
      .filter(names => names.length > 0)
      .map((names, i) => {
        const what = names.map(name => summaries.get(name)).join('; ');
        const width = names.length === 1 ? 13 : 16;
        return `${(i === 0 ? title : '').padEnd(9)}${names.join(', ').padEnd(width)}${what}`;
      }),
  );
  return ['rqt <command>: RQ (Redis Queue) for the terminal; more: rqt <command> --help', ...lines, ...FOOTER].join('\n');
}

const FOOTER = ['Start here: rqt enqueue hello#hello you; rqt worker --burst; Tab: rqt completion'];

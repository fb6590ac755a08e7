import type { Command } from '../command.ts';
import { RqtError } from '../errors.ts';
import { add } from './cron/add.ts';
import { apply } from './cron/apply.ts';
import { check } from './cron/check.ts';
import { list } from './cron/list.ts';
import { pause } from './cron/pause.ts';
import { remove } from './cron/remove.ts';
import { resume } from './cron/resume.ts';
import { run } from './cron/run.ts';

export const command: Command = {
  name: 'cron',
  synopsis: '<add|list|remove|pause|resume|run|apply|check>',
  summary: 'enqueue jobs at set times, again and again',
  words: { min: 0, max: 0 },
  options: [],
  subcommands: [add, list, remove, pause, resume, run, apply, check],
  epilogue: [
    'The timetable is in Redis; any worker fires it (unless it was started with --no-scheduler), each slot once, however many workers there are.',
    "Example:   rqt cron add nightly '30 2 * * *' report#nightly --tz Europe/Berlin",
  ].join('\n'),
  run: () => Promise.reject(new RqtError('usage', 'say what to do (see rqt cron --help)')),
};

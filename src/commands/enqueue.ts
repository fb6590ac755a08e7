import type { Command, CommandLine, Options } from '../command.ts';
import { EXIT_STATUS } from '../errors.ts';
import type { NewJob } from '../store/index.ts';
import { enqueueOne } from './enqueue/one.ts';
import { ENQUEUE_OPTIONS } from './enqueue/options.ts';
import { newJob, type Order, readOrder } from './enqueue/order.ts';
import { fullError, maybeEnqueued, report, reportHeld } from './enqueue/report.ts';
import { say, withStore } from './shared/io.ts';

export const command: Command = {
  name: 'enqueue',
  synopsis: '<module#fn> [args…] [-- plain words…]',
  summary: 'put a job on a queue; prints its id',
  words: { min: 1, max: Number.POSITIVE_INFINITY },
  takesPlainWords: true,
  outlivesReader: true,
  options: ENQUEUE_OPTIONS,
  epilogue: [
    'Arguments: text · key=text · :json · key:=json · @file and key=@file (the content of the file) · after --, all is plain text.',
    'Durations: 90 or 90s, 5m, 2h, 1d; -1 for none.',
    'Example:   rqt enqueue tasks/mail#send ann@example.org subject=Hello \'cc:=["bob@example.org"]\' body=@letter.txt',
  ].join('\n'),
  run,
};

const WAIT_FLAGS = ['wait', 'wait-timeout', 'cancel-on-interrupt'];

async function run(line: CommandLine): Promise<number> {
  const order = await readOrder(line);
  if (order.spool) (await import('./enqueue/spool.ts')).refuseSpool(line.options);
  if (WAIT_FLAGS.some(name => line.options.has(name))) {
    const { enqueueAndWait } = await import('./enqueue/wait.ts');
    return enqueueAndWait(order, line.options);
  }
  if (order.lines !== undefined) {
    const { enqueueLines } = await import('./enqueue/lines.ts');
    return enqueueLines(order, order.lines, line.options);
  }
  const job = newJob(order, []);
  const answer = order.spool
    ? await enqueueOrKeep(job, order, line.options)
    : await withStore(line.options, db => enqueueOne(db, job, order), { writes: true, ifLost: () => maybeEnqueued(job) });
  if (answer === null) return 0;
  if (answer.kind === 'held') {
    reportHeld(answer, order);
    return 0;
  }
  const { unfinished, canceled, fullAt } = answer;
  if (fullAt !== null) throw fullError(order, fullAt, 'nothing was enqueued');
  const inTheWay = unfinished[0]?.state ?? null;
  report(job, order, inTheWay);
  if (canceled[0]) {
    say(
      `rqt: job ${job.id} is canceled at once: its parent ${canceled[0].parent} ended badly (look: rqt status ${canceled[0].parent})`,
    );
    return EXIT_STATUS.no;
  }
  if (inTheWay === null || order.unique) return 0;
  say(`rqt: job ${job.id} is still ${inTheWay}; nothing was enqueued (look: rqt status ${job.id}; end it: rqt cancel ${job.id})`);
  return EXIT_STATUS.no;
}

async function enqueueOrKeep(job: NewJob, order: Order, options: Options) {
  const { Spooler } = await import('./enqueue/spool.ts');
  const spooler = new Spooler(order, options);
  return spooler.during(() => spooler.put([job]));
}

import { constants } from 'node:os';
import type { Options } from '../../command.ts';
import { EXIT_STATUS, RqtError } from '../../errors.ts';
import { parseDuration } from '../../parse/duration.ts';
import { awaitJob, cancel, type Db, findUnservedQueue, type NewJob, stateOf, untilRead } from '../../store/index.ts';
import { safeLine } from '../../view/safe.ts';
import { alarm } from '../shared/alarm.ts';
import { documentOfEnd, exitStatusOfJob, followJob, type JobEnd, linesOfEnd } from '../shared/follow-job.ts';
import { type Interruption, listenForInterruption } from '../shared/interruption.ts';
import { print, say, withStore } from '../shared/io.ts';
import { enqueueOne } from './one.ts';
import { newJob, type Order } from './order.ts';
import { fullError, maybeEnqueued, report, reportHeld } from './report.ts';

/** Options that are about waiting: with one of them, {@link enqueueAndWait} has the command. */
interface Wish {
  /** null: for ever. */
  readonly timeoutMs: number | null;
  readonly cancels: boolean;
}

/** Puts a job on its queue, passes on what it writes until it has ended, and returns the exit status that says how. */
export async function enqueueAndWait(order: Order, options: Options): Promise<number> {
  const wish = readWish(order, options);
  const job = newJob(order, []);
  const interruption = listenForInterruption();
  try {
    const kind = { writes: true, ifLost: () => maybeEnqueued(job) };
    const { id, isLive } = await withStore(options, db => begin(db, job, order), kind);
    if (!order.json && !order.quiet) {
      say(`rqt: waiting for job ${id} on queue ${order.queue} (Ctrl-C ${wish.cancels ? 'cancels it' : 'leaves it to itself'})`);
    }
    const wait = { id, isLive, order, wish, options, interruption };
    return await withStore(options, db => follow(db, wait), { isLasting: true });
  } finally {
    interruption.end();
  }
}

function readWish(order: Order, options: Options): Wish {
  for (const name of ['wait-timeout', 'cancel-on-interrupt']) {
    if (options.has(name) && !options.flag('wait')) throw new RqtError('usage', `--${name} is about --wait: give that too`);
  }
  if (order.lines !== undefined) {
    throw new RqtError(
      'usage',
      '--wait waits for one job and --lines makes many: give them a --group, then rqt wait --group NAME',
    );
  }
  const text = options.text('wait-timeout');
  return {
    timeoutMs: text === undefined ? null : parseDuration(text, '--wait-timeout', { wholeSeconds: false }),
    cancels: options.flag('cancel-on-interrupt'),
  };
}

/** The job that is waited for, and whether all that it writes can be seen. */
interface Begun {
  readonly id: string;
  readonly isLive: boolean;
}

/** An unfinished job of the same id, or the job of the same slot, is waited for in place of the new one. */
async function begin(db: Db, job: NewJob, order: Order): Promise<Begun> {
  const awaited: Order = { ...order, nextPlan: () => ({ ...order.nextPlan(), isAwaited: true }) };
  const answer = await enqueueOne(db, job, awaited);
  const isHeld = answer.kind === 'held';
  if (!isHeld && answer.fullAt !== null) throw fullError(order, answer.fullAt, 'nothing was enqueued');
  const other = isHeld ? answer : (answer.unfinished[0] ?? null);
  if (order.json && isHeld) reportHeld(answer, order);
  else if (order.json) report(job, { ...order, unique: true }, other?.state ?? null);
  if (!other) return { id: job.id, isLive: true };
  if (!order.quiet) say(`rqt: job ${other.id} is ${safeLine(other.state ?? 'gone')}; nothing was enqueued, it is waited for`);
  return { id: other.id, isLive: (await awaitJob(db, other.id))?.isLive ?? false };
}

interface Wait {
  readonly id: string;
  readonly isLive: boolean;
  readonly order: Order;
  readonly wish: Wish;
  readonly options: Options;
  readonly interruption: Interruption;
}

async function follow(db: Db, wait: Wait): Promise<number> {
  const { id, isLive, order, wish, interruption } = wait;
  const timeOver = alarm(wish.timeoutMs);
  const watches = [watchConnection(db, id), ...(order.quiet ? [] : [watchQueue(db, id)])];
  const ended = followJob(db, id, { json: order.json, isLive });
  try {
    const first = await Promise.race([ended, timeOver.rings, interruption.first]);
    if (first === 'over') return await leave(db, id);
    if (typeof first === 'string') return await interrupted(first, ended, wait);
    tell(id, first, order);
    return exitStatusOfJob(first);
  } finally {
    timeOver.cancel();
    for (const stop of watches) stop();
  }
}

function tell(id: string, end: JobEnd, { json }: Order): void {
  if (json) print(documentOfEnd(id, end));
  for (const line of linesOfEnd(id, end)) say(line);
}

const howTo = (id: string) => `follow: rqt logs -f ${id} · cancel: rqt cancel ${id}`;

async function leave(db: Db, id: string): Promise<number> {
  const state = (await untilRead(() => stateOf(db, id))) ?? 'gone';
  say(`rqt: the time is over; job ${id} is ${safeLine(state)} and is left to itself (${howTo(id)})`);
  return EXIT_STATUS.tryAgain;
}

async function interrupted(signal: NodeJS.Signals, ended: Promise<JobEnd>, wait: Wait): Promise<number> {
  const { id, order, wish, interruption } = wait;
  const status = 128 + constants.signals[signal];
  if (!wish.cancels || signal === 'SIGPIPE') {
    say(`rqt: job ${id} goes on (${howTo(id)})`);
    return status;
  }
  say(`rqt: canceling job ${id} and waiting for its end (Ctrl-C again: not waiting)`);
  const end = await Promise.race([cancelAndWait(wait, ended), interruption.second]);
  if (typeof end === 'string') say(`rqt: job ${id} may still run (look: rqt status ${id})`);
  else tell(id, end, order);
  return status;
}

/** On a connection of its own: the other one is asleep until the job writes something. */
async function cancelAndWait({ id, options }: Wait, ended: Promise<JobEnd>): Promise<JobEnd> {
  await withStore(options, db => cancel(db, id));
  return ended;
}

/** Says once that Redis is away. Returns what stops that. */
function watchConnection({ client, where }: Db, id: string): () => void {
  const onClose = () => {
    client.off('close', onClose);
    say(`rqt: the connection to Redis at ${where} was lost; trying again (job ${id} goes on without it)`);
    client.once('ready', onReady);
  };
  const onReady = () => say('rqt: connected to Redis again');
  client.on('close', onClose);
  return () => {
    client.off('close', onClose).off('ready', onReady);
  };
}

const LOOK_FIRST_MS = 1000;
const LOOK_AGAIN_MS = 10_000;

/** Says once that nobody serves the queue on which the job waits. Returns what stops that. */
function watchQueue(db: Db, id: string): () => void {
  let timer = setTimeout(() => void look(), LOOK_FIRST_MS);
  let isOver = false;
  const look = async () => {
    const queue = await findUnservedQueue(db, id).catch(() => null);
    if (isOver) return;
    if (queue !== null)
      say(`rqt: no worker serves queue ${safeLine(queue)} now; waiting for one (start one: rqt worker ${safeLine(queue)})`);
    else timer = setTimeout(() => void look(), LOOK_AGAIN_MS);
  };
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

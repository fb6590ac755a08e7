import { createReadStream, fstatSync, openSync } from 'node:fs';
import type { Options } from '../../command.ts';
import { EXIT_STATUS, RqtError } from '../../errors.ts';
import { failpoint } from '../../failpoint.ts';
import { splitLines } from '../../parse/lines.ts';
import { escapeUnprintable } from '../../parse/quote.ts';
import { type Db, enqueue, type NewJob } from '../../store/index.ts';
import { type Halt, inSteps, interrupted } from '../shared/in-steps.ts';
import { say, withStore } from '../shared/io.ts';
import { openProgress, type ProgressLine, SILENT } from '../shared/progress.ts';
import { enqueueOne } from './one.ts';
import { newJob, type Order, optionsOf } from './order.ts';
import { fullError, report, reportHeld } from './report.ts';

/** Jobs per step: enough to be fast, few enough that a step keeps Redis busy for no more than some milliseconds. */
const BATCH = 250;

/** Input up to this size is checked to its end before the first job is enqueued; of more, what was read so far is enqueued meanwhile. */
const CHECKED_WHOLE_CHARS = 256 * 2 ** 20;

/** Enqueues one job per input line, in batches. A bad line (not UTF-8, too long) is found before anything is enqueued. */
export async function enqueueLines(order: Order, source: string, options: Options): Promise<number> {
  const input = splitLines(openInput(source), source === '-' ? 'standard input' : source);
  const { lines, isWhole } = await readAhead(input);
  if (__FAILPOINTS__) failpoint('lines.read');
  const total = isWhole ? lines.length : null;
  let sent: Sender | null = null;
  const work = (put: Put) =>
    inSteps(
      async (halt, progress) => {
        const sender = new Sender(put, order, progress, halt);
        sent = sender;
        try {
          await addLines(sender, lines);
          if (!isWhole) await addRest(sender, input, halt);
        } finally {
          await sender.flush();
          progress.end();
        }
        return tellEnd(sender, order, total, halt);
      },
      order.quiet ? SILENT : openProgress(total),
    );
  if (!order.spool) {
    const lost = () => unknownFrom(sent?.done ?? 0);
    return withStore(options, db => work(jobs => enqueueBatch(db, jobs, order)), { writes: true, ifLost: lost });
  }
  const { Spooler } = await import('./spool.ts');
  const spooler = new Spooler(order, options);
  return spooler.during(() => work(jobs => spooler.put(jobs)));
}

/** Returns the exit status. @throws RqtError `tryAgain` when the queue was full. */
function tellEnd({ done, fullAt, isCut, canceled }: Sender, order: Order, total: number | null, { signal }: Halt): number {
  const lines = done === 0 ? 'nothing was' : `the first ${done}${total === null ? '' : ` of ${total}`} lines were`;
  if (fullAt !== null) throw fullError(order, fullAt, `${lines} enqueued`);
  if (canceled > 0)
    say(`rqt: of these jobs ${canceled} are canceled at once: a parent ended badly (look: rqt jobs --state canceled)`);
  if (signal && isCut) {
    const rest = done === 0 ? '' : ', those behind them were not';
    return interrupted(signal, `${lines} enqueued${order.spool && done > 0 ? ' or kept' : ''}${rest}`);
  }
  return canceled === 0 ? 0 : EXIT_STATUS.no;
}

/** What it means that the connection was lost after so many lines were acknowledged. */
function unknownFrom(done: number): string {
  const before = done === 0 ? '' : `the first ${done} lines were enqueued, `;
  return `${before}line ${done + 1} and those behind it may or may not have been (look: rqt jobs)`;
}

/** Takes a batch; null: it is kept in the spool, and was told. */
type Put = (jobs: readonly NewJob[]) => Promise<Awaited<ReturnType<typeof enqueueBatch>> | null>;

async function readAhead(input: AsyncGenerator<string[]>): Promise<{ lines: string[]; isWhole: boolean }> {
  const lines: string[] = [];
  let chars = 0;
  for (;;) {
    const { value, done } = await input.next();
    if (done) return { lines, isWhole: true };
    for (const line of value) {
      lines.push(line);
      chars += line.length;
    }
    if (chars > CHECKED_WHOLE_CHARS) return { lines, isWhole: false };
  }
}

async function addLines(sender: Sender, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    if (sender.isOver) return sender.cut();
    await sender.add(line);
  }
}

/** The input may be one that comes as it is made: a signal does not wait for it. */
async function addRest(sender: Sender, input: AsyncGenerator<string[]>, { asked }: Halt): Promise<void> {
  while (!sender.isOver) {
    const next = await Promise.race([input.next(), asked]);
    if (typeof next === 'string') break;
    if (next.done) return;
    await addLines(sender, next.value);
  }
  sender.cut();
  process.stdin.destroy();
}

/** Sends batches: one is under way while the next one is made. */
class Sender {
  readonly #put: Put;
  readonly #order: Order;
  readonly #progress: ProgressLine;
  readonly #halt: Halt;
  readonly #batch: number;
  #pending: NewJob[] = [];
  #sent: Promise<void> = Promise.resolve();
  #count = 0;
  /** How many were canceled at once. */
  canceled = 0;
  /** How many lines were sent and not refused. */
  done = 0;
  /** How many jobs the queue holds, when it took no more of them. */
  fullAt: number | null = null;
  /** Whether lines were left out. */
  isCut = false;

  constructor(put: Put, order: Order, progress: ProgressLine, halt: Halt) {
    this.#put = put;
    this.#order = order;
    this.#progress = progress;
    this.#halt = halt;
    this.#batch = order.plansDiffer || order.once ? 1 : BATCH;
  }

  /** Whether no more lines are sent: the queue is full, or a signal has come. */
  get isOver(): boolean {
    return this.fullAt !== null || this.#halt.signal !== null;
  }

  /** Leaves out what was not sent yet. */
  cut(): void {
    this.#pending = [];
    this.isCut = true;
  }

  /** undefined, and no turn of the event loop spent, while the batch is not full. */
  add(line: string): Promise<void> | undefined {
    this.#pending.push(newJob(this.#order, [line]));
    return this.#pending.length < this.#batch ? undefined : this.#next();
  }

  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#next();
    await this.#sent;
  }

  async #next(): Promise<void> {
    const jobs = this.#pending;
    this.#pending = [];
    await this.#sent;
    if (this.isOver) return this.cut();
    if (__FAILPOINTS__) failpoint('lines.batch');
    this.#sent = send(this.#put, jobs, this.#order).then(({ canceled, done, fullAt }) => {
      this.canceled += canceled;
      this.done += done;
      this.fullAt = fullAt;
    });
    this.#sent.catch(() => {});
    this.#count += jobs.length;
    this.#progress.update(this.#count);
  }
}

interface Sent {
  readonly canceled: number;
  readonly done: number;
  readonly fullAt: number | null;
}

async function send(put: Put, jobs: readonly NewJob[], order: Order): Promise<Sent> {
  const answer = await put(jobs);
  if (answer === null) return { canceled: 0, done: jobs.length, fullAt: null };
  if (answer.kind === 'held') {
    reportHeld(answer, order);
    return { canceled: 0, done: jobs.length, fullAt: null };
  }
  const { count, unfinished, canceled, fullAt } = answer;
  const done = fullAt === null ? jobs : jobs.slice(0, count + unfinished.length);
  // Both are in the order of the lines. From the end: of equal lines the first one is enqueued, and the others find it in their way.
  const inTheWay = [...unfinished];
  const states = new Map<NewJob, string>();
  for (const job of [...done].reverse()) {
    if (inTheWay.at(-1)?.id === job.id) states.set(job, inTheWay.pop()?.state ?? '');
  }
  for (const job of done) report(job, order, states.get(job) ?? null);
  return { canceled: canceled.length, done: done.length, fullAt };
}

async function enqueueBatch(db: Db, jobs: readonly NewJob[], order: Order) {
  const [job] = jobs;
  return order.once && job ? enqueueOne(db, job, order) : enqueue(db, jobs, optionsOf(order));
}

async function* openInput(source: string): AsyncGenerator<Buffer> {
  try {
    yield* source === '-' ? openStdin() : openFile(source);
  } catch (error) {
    if (error instanceof RqtError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = PROBLEMS[code ?? ''] ?? `it cannot be read: ${message}`;
    throw new RqtError('missing', `--lines ${escapeUnprintable(source)}: ${problem}`, { cause: error });
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it cannot be read: permission denied',
};

function openFile(path: string): AsyncIterable<Buffer> {
  const fd = openSync(path, 'r');
  refuseDirectory(fd);
  return createReadStream(path, { fd });
}

/** Node takes a directory on standard input for an empty file. */
function openStdin(): AsyncIterable<Buffer> {
  refuseDirectory(process.stdin.fd);
  return process.stdin;
}

function refuseDirectory(fd: number): void {
  if (fstatSync(fd).isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
}

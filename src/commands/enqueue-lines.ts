import { createReadStream, fstatSync, openSync } from 'node:fs';
import type { Options } from '../command.ts';
import { RqtError } from '../errors.ts';
import { splitLines } from '../parse/lines.ts';
import { type Db, enqueue, type NewJob } from '../store/index.ts';
import { newJob, type Plan, report } from './enqueue.ts';
import { withStore } from './io.ts';
import { openProgress, type ProgressLine } from './progress.ts';

/** Jobs per step: enough to be fast, few enough that a step keeps Redis busy for no more than some milliseconds. */
const BATCH = 250;

/** Input up to this size is checked to its end before the first job is enqueued; of more, what was read so far is enqueued meanwhile. */
const CHECKED_WHOLE_CHARS = 256 * 2 ** 20;

/** Enqueues one job per input line, in batches. A bad line (not UTF-8, too long) is found before anything is enqueued. */
export async function enqueueLines(plan: Plan, source: string, options: Options): Promise<number> {
  const input = splitLines(openInput(source), source === '-' ? 'standard input' : source);
  const { lines, isWhole } = await readAhead(input);
  return withStore(options, async db => {
    const progress = openProgress(isWhole ? lines.length : null);
    const sender = new Sender(db, plan, progress);
    try {
      for (const line of lines) await sender.add(line);
      if (!isWhole) for await (const more of input) for (const line of more) await sender.add(line);
    } finally {
      await sender.flush();
      progress.end();
    }
    return 0;
  });
}

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

/** Sends batches: one is under way while the next one is made. */
class Sender {
  readonly #db: Db;
  readonly #plan: Plan;
  readonly #progress: ProgressLine;
  #pending: NewJob[] = [];
  #sent: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(db: Db, plan: Plan, progress: ProgressLine) {
    this.#db = db;
    this.#plan = plan;
    this.#progress = progress;
  }

  /** undefined, and no turn of the event loop spent, while the batch is not full. */
  add(line: string): Promise<void> | undefined {
    this.#pending.push(newJob(this.#plan, [line]));
    return this.#pending.length < BATCH ? undefined : this.#next();
  }

  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#next();
    await this.#sent;
  }

  async #next(): Promise<void> {
    const jobs = this.#pending;
    this.#pending = [];
    await this.#sent;
    this.#sent = send(this.#db, jobs, this.#plan);
    this.#sent.catch(() => {});
    this.#count += jobs.length;
    this.#progress.update(this.#count);
  }
}

async function send(db: Db, jobs: readonly NewJob[], plan: Plan): Promise<void> {
  const { unfinished } = await enqueue(db, jobs, plan.options);
  const states = new Map(unfinished.map(({ id, state }) => [id, state]));
  for (const job of jobs) report(job, plan, states.get(job.id) ?? null);
}

function openInput(source: string): AsyncIterable<Buffer> {
  if (source === '-') return process.stdin;
  try {
    const fd = openSync(source, 'r');
    if (fstatSync(fd).isDirectory()) throw new Error('it is a directory');
    return createReadStream(source, { fd });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RqtError('missing', `--lines ${source}: ${code === 'ENOENT' ? 'there is no such file' : message}`, {
      cause: error,
    });
  }
}

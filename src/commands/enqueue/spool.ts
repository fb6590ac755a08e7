import type { Options } from '../../command.ts';
import type { Config } from '../../config.ts';
import { type ErrorCode, RqtError } from '../../errors.ts';
import {
  closeDb,
  type Db,
  type Enqueued,
  type EnqueueOptions,
  enqueue,
  failureOf,
  type NewJob,
  openStore,
} from '../../store/index.ts';
import { configOf, say } from '../shared/io.ts';
import { newJobId } from '../shared/new-job-id.ts';
import { sendSpooled } from '../shared/spooled.ts';
import { type Order, optionsOf } from './order.ts';
import { reportSpooled } from './report.ts';

/** Refuses what `--spool` cannot promise. @throws RqtError `usage` */
export function refuseSpool(options: Options): void {
  const reasons: Readonly<Record<string, string>> = {
    wait: 'a job that is kept for later cannot be waited for',
    'once-per': 'the slot of a job that is kept for later would be a later one',
    'max-depth': 'how much the queue holds later is not known now',
  };
  for (const [name, reason] of Object.entries(reasons)) {
    if (options.has(name)) throw new RqtError('usage', `--spool and --${name} exclude each other: ${reason}`);
  }
}

/** Sends the jobs of an order to Redis, and keeps them in the spool from the moment on in which it does not take them. */
export class Spooler {
  readonly #config: Config;
  readonly #folder: string;
  readonly #order: Order;
  #db: Db | null = null;
  /** Why Redis does not take any. */
  #trouble: string | null = null;
  #kept = 0;

  /** @throws RqtError `config` where there is no folder to keep jobs in. */
  constructor(order: Order, options: Options) {
    this.#order = order;
    this.#config = configOf(options);
    const { spoolFolder } = this.#config;
    if (spoolFolder === null)
      throw new RqtError('config', '--spool: there is no home directory to keep jobs in: set RQT_HOME to a directory');
    this.#folder = spoolFolder;
  }

  /** Opens Redis if that can be, does the work, and says at its end what was kept. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    await this.#open();
    try {
      return await work();
    } finally {
      if (this.#db) closeDb(this.#db);
      this.#sayKept();
    }
  }

  /** null: they are kept, and told as such. */
  async put(jobs: readonly NewJob[]): Promise<Enqueued | null> {
    const options = { ...optionsOf(this.#order), isUnique: this.#order.unique };
    // The same for both ways: when the answer was lost, Redis may have them already.
    const token = newJobId();
    if (this.#trouble === null && this.#db) {
      try {
        return await enqueue(this.#db, jobs, { ...options, token });
      } catch (error) {
        this.#note(failureOf(this.#db, error));
      }
    }
    await this.#keep(jobs, options, token);
    for (const job of jobs) reportSpooled(job, this.#order);
    return null;
  }

  async #open(): Promise<void> {
    try {
      this.#db = await openStore(this.#config);
      await sendSpooled(this.#db, this.#config, text => say(`rqt: ${text}`));
    } catch (error) {
      this.#note(error);
    }
  }

  async #keep(jobs: readonly NewJob[], options: EnqueueOptions, token: string): Promise<void> {
    const { keep } = await import('../../store/spool/index.ts');
    try {
      keep(this.#folder, {
        version: 1,
        kind: 'spooled',
        namespace: this.#config.namespace,
        keptAt: Date.now(),
        token,
        jobs,
        options,
      });
    } catch (error) {
      const what = jobs.length === 1 ? `job ${jobs[0]?.id}` : `${jobs.length} jobs`;
      throw new RqtError(
        'cannotWrite',
        `${this.#trouble}; and ${what} cannot be kept in ${this.#folder}: ${(error as Error).message} (RQT_HOME can name another directory)`,
        {
          cause: error,
        },
      );
    }
    this.#kept += jobs.length;
  }

  /** What will pass is a reason to keep jobs; anything else is told as ever. */
  #note(error: unknown): void {
    if (!(error instanceof RqtError) || !AWAY.has(error.code)) throw error;
    this.#trouble = error.message;
  }

  #sayKept(): void {
    if (this.#kept === 0 || this.#order.quiet) return;
    const what = this.#kept === 1 ? 'the job is' : `${this.#kept} jobs are`;
    say(
      `rqt: ${this.#trouble}; ${what} kept in ${this.#folder} and sent by the next worker or writing rqt command that reaches it`,
    );
  }
}

/** A Redis that is away now. */
const AWAY: ReadonlySet<ErrorCode> = new Set(['unreachable', 'tryAgain', 'brokenServer']);

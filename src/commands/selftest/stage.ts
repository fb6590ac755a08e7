import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../../model.ts';
import { type Db, details, enqueue, type JobPlan } from '../../store/index.ts';
import { Children, type Running } from './children.ts';
import type { Effect, JobSeen } from './judge.ts';
import { NAMESPACE } from './remains.ts';
import { TASKS } from './tasks.ts';

/** How long a process may take to do what it always does; a machine may be busy. */
const PATIENCE_MS = 60_000;

/** Where the promises are played: a namespace and a folder of their own, and the processes that were started there. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), NAMESPACE));
  readonly children: Children;
  kills = 0;
  isOver = false;

  constructor(
    readonly db: Db,
    env: NodeJS.ProcessEnv,
  ) {
    writeFileSync(join(this.folder, 'selftest.mjs'), TASKS);
    this.children = new Children(this.folder, env);
  }

  /** Puts a job on a queue, of its own name if nothing else is said; its first attempts, `holds` of them, last until they are killed. */
  async add(id: string, fn: string, { holds = 0, queue = id, plan = {} }: NewJob = {}): Promise<void> {
    const job = { id, call: { task: `selftest#${fn}`, args: [holds], kwargs: {} }, description: fn };
    await enqueue(this.db, [job], { queue, limits: DEFAULT_LIMITS, atFront: false, idsMayExist: true, plan });
  }

  /** Runs a command to its end. */
  async command(...args: string[]): Promise<void> {
    await this.#end(this.children.start(args));
  }

  /** Starts a worker, and kills it when it has started a job, for the `nth` time. `before`: what is done first. */
  async killWorkerAt(queue: string, id: string, before?: () => Promise<void>, nth?: number): Promise<void> {
    const worker = this.#startWorker(queue);
    await this.#untilBegun(worker, id, nth);
    await before?.();
    await this.#kill(worker);
  }

  /** Starts a worker, kills the executor that has started a job, and lets the worker go on to its end. */
  async killExecutorAt(queue: string, id: string): Promise<void> {
    const worker = this.#startWorker(queue);
    const { pid } = await this.#untilBegun(worker, id);
    process.kill(pid, 'SIGKILL');
    this.kills += 1;
    await this.#end(worker, [0, 1]);
  }

  /** Starts a producer of so many jobs, kills it when it has printed some ids, and returns those. */
  async killProducer(queue: string, count: number): Promise<string[]> {
    writeFileSync(join(this.folder, 'lines'), 'a line\n'.repeat(count));
    const producer = this.children.start(['enqueue', 'selftest#line', '--queue', queue, '--lines', 'lines']);
    await this.#until('has printed no id', producer, () => producer.printed.stdout.includes('\n'));
    await this.#kill(producer);
    return producer.printed.stdout.split('\n').slice(0, -1);
  }

  /** A fresh worker does what is left to be done. */
  async settle(queue: string): Promise<void> {
    await this.#end(this.#startWorker(queue), [0, 1]);
  }

  effects(): Effect[] {
    const file = join(this.folder, 'effects');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map(line => {
      const [what, id = '', pid] = line.split(' ');
      return { what: what as Effect['what'], id, pid: Number(pid) };
    });
  }

  async look(id: string): Promise<JobSeen> {
    const job = await details(this.db, id);
    if (!job) return { state: 'gone', outcomes: [], error: '' };
    const state = job.life.state === 'other' ? job.life.name : job.life.state;
    return { state, outcomes: job.attempts.map(({ outcome }) => outcome), error: job.attempts.at(-1)?.error ?? '' };
  }

  /** Kills what still runs, and starts nothing any more. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.children.killAll();
  }

  /** Executors of workers that were just killed may still write. */
  removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  #startWorker(queue: string): Running {
    return this.children.start(['worker', '--burst', '--settle', '--for', '60s', '--quiet', '--path', this.folder, queue]);
  }

  async #kill(running: Running): Promise<void> {
    running.kill();
    await running.ended;
    if (running.wasKilled) this.kills += 1;
  }

  async #untilBegun(worker: Running, id: string, nth = 1): Promise<Effect> {
    const find = () => this.effects().filter(effect => effect.what === 'begun' && effect.id === id)[nth - 1];
    await this.#until(`has not started ${id}${nth > 1 ? ` for the ${nth}. time` : ''}`, worker, () => find() !== undefined);
    return find() as Effect;
  }

  /** @throws Error that says what a process has not done, when it ends before or takes too long. */
  async #until(what: string, running: Running, isSo: () => boolean): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; !isSo(); await sleep(10)) {
      if (running.hasEnded && !isSo()) throw new Error(`${running.name} ${what}: ${running.describeEnd()}`);
      if (performance.now() > end) throw new Error(`${running.name} ${what} within ${PATIENCE_MS / 1000} s`);
    }
  }

  async #end(running: Running, good: readonly number[] = [0]): Promise<void> {
    const late = setTimeout(() => running.kill(), 2 * PATIENCE_MS);
    await running.ended;
    clearTimeout(late);
    if (running.status === null || !good.includes(running.status)) throw new Error(`${running.name}: ${running.describeEnd()}`);
  }
}

interface NewJob {
  readonly holds?: number;
  readonly queue?: string;
  readonly plan?: JobPlan;
}

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_STATUS } from '../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../src/model.ts';
import type { Db } from '../../src/store/db.ts';
import { enqueue, type JobPlan } from '../../src/store/enqueue.ts';
import type { TestRedis } from '../helpers/redis.ts';
import { launcherWithFailpoints, type Running, startRqt } from '../helpers/rqt.ts';
import { newFolder } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';
import { TASKS } from './tasks.ts';

/** A namespace and a folder of one case's own: what its jobs are, what they must come to, and what they did outside Redis. */
export interface Stage {
  readonly db: Db;
  readonly folder: string;
  /** Where the tasks are. */
  readonly path: string;
  readonly expected: Map<string, Expected>;
  /** Puts a job that runs a function of tasks.ts on the queue, acknowledged. */
  add(id: string, fn: string, more?: { args?: unknown[]; plan?: JobPlan; resultTtlMs?: number } & Expected): Promise<void>;
  /** Starts `rqt`, armed to die at these steps (`name:n`, with commas between them; '': it only notes which steps it passes). */
  start(args: readonly string[], steps?: string, env?: Readonly<Record<string, string | undefined>>, input?: string): Running;
  /** A worker that ends when nothing is left to be done. */
  startWorker(steps?: string, ...flags: string[]): Running;
  /** What the tasks did, in order. */
  effects(): Effect[];
  /** Waits for an effect; gives up when the process ends before. Says whether it came. */
  sees(process: Running, what: string, id: string): Promise<boolean>;
  /** The steps that armed processes have passed. */
  passed(): string[];
  /** Whether a process has died at this step. */
  diedAt(step: string): boolean;
  /** Processes that ended as only a mistake or a bug ends them. */
  blunders(): readonly string[];
  close(): void;
}

/** What must be true of a job after everything has settled. */
export interface Expected {
  /** States it may be in; default: finished. */
  readonly states?: readonly string[];
  /** It may be gone. */
  readonly mayBeGone?: boolean;
  /** It may be enqueued again after it has finished. */
  readonly mayBeReplaced?: boolean;
  /** How often its task is begun when nobody is killed; default 1. Each kill may make it once more. */
  readonly runs?: number;
  /** How often its task may be begun and must have come to its end; default: at least once. */
  readonly begun?: { readonly most: number };
  readonly done?: { readonly least: number };
  /** How many successes must be kept when it has finished; default 1. */
  readonly successes?: number;
}

export interface Effect {
  readonly what: string;
  readonly id: string;
  readonly execution: string;
}

let count = 0;
let tasks: string | undefined;

export function newStage(redis: TestRedis): Stage {
  count += 1;
  tasks ??= newFolder({ 'tasks.mjs': TASKS });
  const path = tasks;
  const prefix = `f${count}`;
  const folder = newFolder();
  const db: Db = { client: redis.client, prefix, where: redis.socket };
  const expected = new Map<string, Expected>();
  const effectsFile = join(folder, 'effects');
  const log = join(folder, 'log');
  mkdirSync(join(folder, 'home'));
  const env = {
    RQT_REDIS_URL: redis.url,
    RQT_HOME: join(folder, 'home'),
    RQT_NAMESPACE: prefix,
    RQT_TEST_FOLDER: folder,
  };
  const blunders: string[] = [];
  const start: Stage['start'] = (args, steps, more, input) => {
    const running = startRqt(args, {
      env: { ...env, ...(steps !== undefined && { RQT_FAILPOINT: steps, RQT_FAILPOINT_LOG: log }), ...more },
      program: launcherWithFailpoints,
      cwd: folder,
      ...(input !== undefined && { input }),
    });
    void running.ended.then(({ status, stderr }) => {
      if (status !== null && BLUNDERS.includes(status))
        blunders.push(`rqt ${args.join(' ')} ended with ${status}: ${stderr.trim()}`);
    });
    return running;
  };
  const effects = () =>
    linesIn(effectsFile).map(line => {
      const [what = '', id = '', execution = ''] = line.split(' ');
      return { what, id, execution };
    });
  return {
    db,
    folder,
    path,
    expected,
    async add(id, fn, { args = [], plan = {}, resultTtlMs, ...expectation } = {}) {
      const job = { id, call: { task: `tasks#${fn}`, args, kwargs: {} }, description: fn };
      const limits = { ...DEFAULT_LIMITS, ...(resultTtlMs !== undefined && { resultTtlMs }) };
      await enqueue(db, [job], { queue: 'default', limits, atFront: false, idsMayExist: true, plan });
      expected.set(id, expectation);
    },
    start,
    startWorker: (steps, ...flags) =>
      start(['worker', '--burst', '--settle', '--for', '60s', '--grace', '0.2s', '--path', path, ...flags], steps),
    effects,
    async sees(running, what, id) {
      let ended = false;
      void running.ended.then(() => {
        ended = true;
      });
      const isThere = () => effects().some(effect => effect.what === what && effect.id === id);
      await until(`${id}: ${what}`, () => ended || isThere(), 60_000);
      return isThere();
    },
    passed: () => linesIn(log),
    blunders: () => blunders,
    diedAt: step => existsSync(`${log}.${step.split(':')[0]}`),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const BLUNDERS: readonly number[] = [EXIT_STATUS.usage, EXIT_STATUS.unreachable, EXIT_STATUS.bug, EXIT_STATUS.config];

function linesIn(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

import { after } from 'node:test';
import { readConfig } from '../../src/config.ts';
import { DEFAULT_LIMITS } from '../../src/model.ts';
import { closeDb, type Db, type EnqueueOptions, enqueue, openStore } from '../../src/store/index.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import type { Ran, Running } from '../helpers/rqt.ts';
import { newFolder, newSpace, type Space } from '../helpers/space.ts';
import { until } from '../helpers/until.ts';

/** Tasks of one behaviour each. Those that note something append a line to a file. */
const TASKS = `
import { appendFileSync, existsSync } from 'node:fs';
export const nothing = () => {};
export const echo = (...values) => values;
export const note = (file, text) => appendFileSync(file, text + '\\n');
export const noteFront = (text, file) => note(file, text);
export const fail = () => { throw new Error('it went wrong'); };
export const failOnce = () => { if (process.env.RQT_ATTEMPT === '1') throw new Error('the first attempt'); return 'well'; };
export const failUntil = file => { if (!existsSync(file)) throw new Error('not yet'); };
export const gate = async file => { while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 10)); };
export const failAtGate = async file => { await gate(file); throw new Error('it went wrong'); };
export const talk = () => { process.stdout.write('some output\\n'); return 'a result'; };
export const surrogate = () => ({ toJSON() { throw new Error('bad \\ud800'); } });
export const forever = () => new Promise(resolve => setTimeout(resolve, 1e9));
export const write = (file, ...values) => appendFileSync(file, JSON.stringify(values) + '\\n');
`;

/** A namespace of one test's own, and what tests of a job's life do in it. */
export interface Life extends Space {
  /** Runs `rqt worker --burst` to its end. */
  burst(...args: string[]): Promise<Ran>;
  /** Starts `rqt worker`. */
  worker(...args: string[]): Running;
  state(id: string): Promise<string | null>;
  /** `rqt status --json`, what tests look at of it. */
  status(id: string): Promise<Status>;
  untilState(id: string, state: string): Promise<void>;
  /** What {@link enqueue} of the store does, in this namespace, for any number of jobs. */
  put(ids: readonly string[], options?: Partial<EnqueueOptions>, task?: string): Promise<void>;
  queued(queue?: string): Promise<string[]>;
  members(registry: string, queue?: string): Promise<string[]>;
  readonly db: Db;
}

export interface Status {
  readonly state: string;
  readonly result: unknown;
  readonly error: string | null;
  readonly cancel_reason: string | null;
  readonly callback_error: string | null;
  readonly crashes: number;
  readonly attempts: readonly { readonly outcome: string }[];
  readonly stdout: string;
  readonly meta: unknown;
  readonly group: string | null;
  readonly due_at: string | null;
}

/** Opens a Redis for one test file; each call of what it returns is a namespace of its own. */
export async function openLives(): Promise<{ redis: TestRedis; newLife: () => Promise<Life> }> {
  const redis = await startRedis();
  const folder = newFolder({ 't.mjs': TASKS });
  return { redis, newLife: () => newLife(redis, folder) };
}

async function newLife(redis: TestRedis, folder: string): Promise<Life> {
  const space = newSpace(redis);
  const { client } = redis;
  const db = await openStore(readConfig({ RQT_REDIS_URL: redis.url, RQT_NAMESPACE: space.namespace }));
  after(() => closeDb(db));
  const state = (id: string) => space.field(id, 'status');
  return {
    ...space,
    db,
    burst: (...args) => space.run(['worker', '--burst', '--path', folder, ...args]),
    worker: (...args) => space.start(['worker', '--path', folder, '--grace', '0.2s', ...args]),
    state,
    status: async id => JSON.parse((await space.run(['status', '--json', id])).stdout) as Status,
    untilState: async (id, wanted) => {
      await until(`job ${id} is ${wanted}`, async () => (await state(id)) === wanted);
    },
    put: async (ids, options = {}, task = 't#nothing') => {
      const all = { queue: 'default', limits: DEFAULT_LIMITS, atFront: false, idsMayExist: false, ...options };
      for (let from = 0; from < ids.length; from += 250) {
        const jobs = ids.slice(from, from + 250).map(id => ({ id, call: { task, args: [], kwargs: {} }, description: task }));
        await enqueue(db, jobs, all);
      }
    },
    queued: (queue = 'default') => client.lrange(space.key(`queue:${queue}`), 0, -1),
    members: async (registry, queue = 'default') => (await client.zrange(space.key(`${registry}:${queue}`), '0', '-1')).sort(),
  };
}

/** So many ids. */
export function idsOf(count: number, name = 'j'): string[] {
  return Array.from({ length: count }, (_, i) => `${name}${i}`);
}

/** Redis's own time in seconds. */
export async function redisSeconds({ client }: TestRedis): Promise<number> {
  return Number((await client.time())[0]);
}

/** A job that was running when its worker was killed. */
export async function crashed(life: Life, ...flags: string[]): Promise<string> {
  const id = await life.enqueue('t#forever', ...flags);
  const worker = life.worker();
  await life.untilState(id, 'started');
  worker.child.kill('SIGKILL');
  await worker.ended;
  return id;
}

/** Ends a worker at once: signals until it has heard two of them (those within 0.2 s are one). */
export async function dropJob({ child, ended }: Running): Promise<void> {
  let lastAt = 0;
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  await until('the worker has ended', () => {
    if (isOver()) return true;
    if (Date.now() - lastAt < 250) return false;
    lastAt = Date.now();
    child.kill('SIGTERM');
    return false;
  });
  await ended;
}

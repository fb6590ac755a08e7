/**
 * All that can be done with a few jobs that wait for each other, in a random order: after each step every job is in exactly one place, what it
 * owns is kept as long as the job, and nothing is left of those that are gone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RqtError } from '../../src/errors.ts';
import { DEFAULT_LIMITS } from '../../src/model.ts';
import {
  type ClaimedJob,
  cancel,
  claim,
  type Db,
  deleteJob,
  endCallback,
  enqueue,
  type JobPlan,
  maintain,
  note,
  outcomeNote,
  putBack,
  register,
  requeue,
  type Settlement,
  settle,
  stop,
  sweep,
  takeCallback,
} from '../../src/store/index.ts';
import { releaseAll } from '../../src/store/release.ts';
import { startRedis } from '../helpers/redis.ts';
import { openTestDb, someJob } from '../helpers/store.ts';
import { Random } from './fuzz.ts';

const redis = await startRedis();
const seed = Number(process.env.RQT_FUZZ_SEED ?? 1);
const ROUNDS = Math.min(Math.ceil(Number(process.env.RQT_FUZZ_INPUTS ?? 3000) / 100), 1000);
const STEPS = 100;
const IDS = ['j0', 'j1', 'j2', 'j3', 'j4', 'j5', 'j6'];
const OUTPUT = { chunks: [{ stream: 'stdout' as const, offset: 0, bytes: Buffer.from('said\n') }], dropped: [] };
const REGISTRY_OF: Readonly<Record<string, string>> = {
  ...{ finished: 'finished', failed: 'failed', stopped: 'failed' },
  ...{ canceled: 'canceled', deferred: 'deferred', scheduled: 'scheduled' },
};
const ENDED = ['finished', 'failed', 'stopped', 'canceled'];

/** What a worker runs. */
interface Running {
  readonly job: ClaimedJob;
  readonly isCallback: boolean;
}

for (let round = 0; round < ROUNDS; round += 1) {
  test(`round ${round} of seed ${seed}`, async () => {
    const db = await openTestDb(redis);
    const walk = new Walk(db, new Random(seed * 100_003 + round));
    for (const name of ['a', 'b']) {
      const entry = { name, queues: ['q'], pid: 1, hostname: 'h', address: '', version: '1', process: null, ttlMs: 480_000 };
      assert.equal(await register(db, entry), 'registered');
    }
    for (let step = 0; step < STEPS; step += 1) {
      await walk.step();
      await releaseAll(db);
      assert.deepEqual(await problemsIn(db), [], walk.told.slice(-20).join('\n'));
    }
    await db.client.flushall();
  });
}

/** Two workers and somebody at a terminal. */
class Walk {
  readonly told: string[] = [];
  readonly #db: Db;
  readonly #random: Random;
  readonly #running = new Map<string, Running>();
  #executions = 0;

  constructor(db: Db, random: Random) {
    this.#db = db;
    this.#random = random;
  }

  async step(): Promise<void> {
    const worker = this.#random.pick(['a', 'b']);
    const running = this.#running.get(worker);
    this.#running.delete(worker);
    if (!running && this.#chance(0.5)) await this.#take(worker);
    else if (running && this.#chance(0.4)) await this.#end(worker, running);
    else if (running && this.#chance(0.1)) await this.#crash(running);
    else {
      if (running) this.#running.set(worker, running);
      await this.#command(this.#random.pick(IDS));
    }
  }

  #chance(share: number): boolean {
    return this.#random.below(1000) < share * 1000;
  }

  #tell(what: string, ...of: readonly unknown[]): void {
    this.told.push([what, ...of.map(each => JSON.stringify(each))].join(' '));
  }

  async #take(worker: string): Promise<void> {
    this.#executions += 1;
    const request = { worker, execution: `e${this.#executions}`, leaseMs: 60_000, queues: ['q'] };
    const isCallback = this.#chance(0.4);
    const found = isCallback ? await takeCallback(this.#db, request) : await claim(this.#db, request);
    const job = found?.kind === 'due' || found?.kind === 'claimed' ? found.job : null;
    if (job) this.#running.set(worker, { job, isCallback });
    this.#tell(isCallback ? 'takes a callback' : 'claims', worker, job?.id);
  }

  async #end(worker: string, { job, isCallback }: Running): Promise<void> {
    if (isCallback) {
      const kind = this.#random.pick(['ran', 'again'] as const);
      await endCallback(this.#db, worker, job, { kind, error: null, output: OUTPUT });
      return this.#tell('ends a callback', job.id, kind);
    }
    if (this.#chance(0.15)) return this.#tell('puts back', job.id, await putBack(this.#db, worker, job, this.#chance(0.7)));
    const outcome = this.#random.pick(['finished', 'failed', 'stopped'] as const);
    const left = settlementOf(worker, job, outcome, this.#chance(0.3));
    const on = { finished: 'success', failed: 'failure', stopped: 'stopped' } as const;
    const hasCallback = job.callbacks[on[outcome]] !== null && !(outcome === 'failed' && willBeRetried(job, left));
    if (hasCallback) await note(this.#db, job, { rqt_outcome: await outcomeNote(left) });
    const settlement = { ...left, callbackDue: hasCallback && this.#chance(0.5) ? on[outcome] : null };
    const { settled } = await settle(this.#db, settlement, null);
    assert.deepEqual((await settle(this.#db, settlement, null)).settled, settled);
    this.#tell('settles', job.id, outcome, settlement.again, settlement.callbackDue, settled);
  }

  async #crash({ job, isCallback }: Running): Promise<void> {
    const { client, prefix } = this.#db;
    if (!isCallback && job.callbacks.success && this.#chance(0.3)) {
      await note(this.#db, job, { rqt_outcome: await outcomeNote(settlementOf('a', job, 'finished', false)) });
    }
    await client.zadd(`${prefix}:wip:q`, 'XX', 1, `${job.id}:${job.execution}`);
    if (this.#chance(0.3)) await this.#command(job.id);
    const { swept } = await sweep(this.#db, 'q');
    this.#tell(
      'dies',
      job.id,
      swept.map(({ id, fate }) => [id, fate]),
    );
  }

  async #command(id: string): Promise<void> {
    const db = this.#db;
    const command = this.#random.pick(['enqueue', 'enqueue', 'enqueue', 'cancel', 'stop', 'requeue', 'delete', 'due'] as const);
    if (command === 'enqueue') return this.#enqueue(id);
    if (command === 'due') {
      for (const each of await db.client.zrange(`${db.prefix}:scheduled:q`, '0', '-1')) {
        if (this.#chance(0.5)) await db.client.zadd(`${db.prefix}:scheduled:q`, 1, each);
      }
    }
    const done = {
      cancel: () => cancel(db, id, 'by somebody'),
      stop: () => stop(db, id),
      requeue: () => requeue(db, id, this.#chance(0.5)),
      delete: () => deleteJob(db, id),
      due: () => maintain(db, ['q']),
    }[command]();
    this.#tell(command, id, await done);
  }

  async #enqueue(id: string): Promise<void> {
    const parents = IDS.filter(each => each !== id && this.#chance(0.15));
    const intervals = () => (this.#chance(0.5) ? [] : [60]);
    const plan: JobPlan = {
      ...(parents.length > 0 && { dependsOn: parents, onParentFailure: this.#random.pick(['wait', 'cancel', 'allow']) }),
      ...(this.#chance(0.2) && { due: { inMs: 3_600_000 } }),
      ...(this.#chance(0.3) && { retry: { retriesLeft: 1, intervals: intervals() } }),
      ...(this.#chance(0.3) && { repeat: { repeatsLeft: 2, intervals: intervals() } }),
      ...(this.#chance(0.4) && { callbacks: { success: 'm#s', failure: 'm#f', stopped: 'm#t' } }),
      ...(this.#chance(0.2) && { atMostOnce: true }),
    };
    const limits = {
      ...DEFAULT_LIMITS,
      resultTtlMs: this.#random.pick([500_000, 0]),
      failureTtlMs: this.#random.pick([500_000, 0]),
      ttlMs: this.#random.pick([null, 600_000]),
    };
    try {
      const options = { queue: 'q', limits, atFront: this.#chance(0.5), idsMayExist: true, plan };
      this.#tell('enqueue', id, plan, await enqueue(this.#db, [someJob(id)], options));
    } catch (error) {
      // It would wait for itself.
      if (!(error instanceof RqtError && error.code === 'usage')) throw error;
    }
  }
}

function settlementOf(worker: string, job: ClaimedJob, outcome: Settlement['outcome'], asks: boolean): Settlement {
  const isDone = outcome === 'finished';
  return {
    ...{ job, worker, outcome, absent: null, defaultResultTtlMs: 500_000, output: OUTPUT },
    ...{ resultJson: isDone ? '1' : null, error: isDone ? null : 'it went wrong' },
    again: outcome === 'failed' && asks ? { kind: 'in', inMs: 0, max: 1 } : null,
  };
}

function willBeRetried(job: ClaimedJob, { again }: Settlement): boolean {
  return again ? job.askedRetries < 1 : job.retriesLeft > 0;
}

/** What no reader should ever see. */
async function problemsIn(db: Db): Promise<string[]> {
  const { client, prefix } = db;
  const start = `${prefix}:`;
  const keys = (await client.keys(`${start}*`)).map(key => key.slice(start.length));
  const ids = keys.flatMap(key => /^job:([^:]+)$/.exec(key)?.[1] ?? []);
  const members = new Map<string, string[]>();
  for (const place of ['queue:q', 'rqt:callbacks:q']) members.set(place, await client.lrange(start + place, 0, -1));
  for (const name of ['wip', ...new Set(Object.values(REGISTRY_OF))]) {
    members.set(
      name,
      (await client.zrange(`${start}${name}:q`, '0', '-1')).map(member => member.replace(/:.*/, '')),
    );
  }
  const problems = [...members].flatMap(([place, all]) => all.filter(id => !ids.includes(id)).map(id => `${place} has ${id}`));
  for (const key of keys) {
    const [, owner, parent] =
      /^(?:results|rqt:output|rqt:children|executions|execution|job:):([^:]+)|^job:([^:]+):/.exec(key) ?? [];
    const id = owner ?? parent;
    if (id !== undefined && !ids.includes(id)) problems.push(`${key} is nobody's`);
  }
  for (const id of ids) problems.push(...(await problemsOf(db, id, members)));
  return problems;
}

async function problemsOf(
  { client, prefix }: Db,
  id: string,
  members: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const job = await client.hgetall(`${prefix}:job:${id}`);
  const state = job.status ?? '';
  const count = (place: string) => members.get(place)?.filter(each => each === id).length ?? 0;
  const isDue = job.rqt_callback_due !== undefined;
  const expected: Record<string, number> = { 'queue:q': state === 'queued' ? 1 : 0 };
  for (const registry of new Set(Object.values(REGISTRY_OF))) expected[registry] = REGISTRY_OF[state] === registry ? 1 : 0;
  // As in RQ.
  if (job.repeats_left !== undefined) expected.finished = count('finished');
  if (state === 'started' || !isDue) expected.wip = state === 'started' ? 1 : 0;
  const wrong = Object.entries(expected).filter(([place, wanted]) => count(place) !== wanted);
  const problems = wrong.map(([place]) => `${id} is ${state}, and ${count(place)} times in ${place}`);
  if (isDue && count('rqt:callbacks:q') + count('wip') !== 1) problems.push(`the callback of ${id} is not due once`);
  const owned = ['job:', 'results:', 'rqt:output:', 'rqt:children:', 'job::'].map(kind => `${kind}${id}`);
  owned.push(`job:${id}:dependents`);
  for (const key of owned.map(each => (each.startsWith('job::') ? `${each}:dependencies` : each))) {
    const ttl = await client.ttl(`${prefix}:${key}`);
    if (ttl !== -2 && ttl >= 0 !== ENDED.includes(state)) problems.push(`${key} has a ttl of ${ttl}, ${id} is ${state}`);
  }
  if (state === 'deferred') problems.push(...(await bondsOf({ client, prefix }, id, job.allow_dependency_failures === '1')));
  return problems;
}

/** A deferred job waits for somebody, who knows of it. */
async function bondsOf(
  { client, prefix }: Pick<Db, 'client' | 'prefix'>,
  id: string,
  allowsFailures: boolean,
): Promise<string[]> {
  const waited: string[] = [];
  for (const parent of await client.smembers(`${prefix}:job::${id}:dependencies`)) {
    const state = (await client.hget(`${prefix}:job:${parent}`, 'status')) ?? 'finished';
    if (state !== 'finished' && !(allowsFailures && ENDED.includes(state))) waited.push(parent);
  }
  if (waited.length === 0) return [`${id} is deferred, and waits for nobody`];
  const known = await Promise.all(waited.map(parent => client.sismember(`${prefix}:job:${parent}:dependents`, id)));
  return waited.filter((_, i) => known[i] === 0).map(parent => `${parent} does not know that ${id} waits for it`);
}

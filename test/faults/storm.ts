import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRedis } from '../helpers/redis.ts';
import type { Running } from '../helpers/rqt.ts';
import { audit } from './audit.ts';
import { findLost, forget, settle } from './matrix.ts';
import { pick, randomFrom } from './random.ts';
import { type Expected, newStage, type Stage } from './stage.ts';

/** What one storm came to. */
export interface StormEnd {
  /** How many processes were killed, of each kind. */
  readonly kills: Readonly<Record<Kind, number>>;
  readonly acknowledged: number;
  /** What is lost, doubled, stuck or left over. */
  readonly problems: readonly string[];
}

const KINDS = ['worker', 'executor', 'producer', 'canceler'] as const;
type Kind = (typeof KINDS)[number];

/**
 * Workers, producers and cancels come and go, each killed after a random time, executors with them, until so many were killed; then clean
 * workers settle what is left, and every key is looked at. The seed decides what is done and how long each may live, the machine the rest.
 */
export async function storm(redis: TestRedis, seed: number, killCount: number): Promise<StormEnd> {
  const stage = newStage(redis);
  const air = new Air(stage, seed, killCount, await measureStart(stage));
  await Promise.all([
    ...[1, 2].map(() => air.blow('worker', () => startWorker(air), [1, 5])),
    ...[1, 2].map(() => air.blow('producer', () => startProducer(air), [0.3, 2.5])),
    air.blow('canceler', () => startCanceler(air), [0.3, 1.5]),
    killExecutors(air),
  ]);
  await settle(stage);
  const seen = await audit(redis.client, stage.db.prefix);
  const problems = [...stage.blunders(), ...seen.problems, ...findLost(stage, seen, Number.POSITIVE_INFINITY)];
  if (problems.length === 0) await forget(stage);
  return { kills: air.kills, acknowledged: air.acknowledged.length, problems };
}

/** How long a command takes here and now: lives are measured in it, so that a slow machine is not one where nobody gets to work. */
async function measureStart(stage: Stage): Promise<number> {
  const startedAt = Date.now();
  await Promise.all(Array.from({ length: 4 }, () => stage.start(['info']).ended));
  return Date.now() - startedAt;
}

/** What all that is blown about shares. */
class Air {
  readonly kills: Record<Kind, number> = { worker: 0, executor: 0, producer: 0, canceler: 0 };
  /** Ids that a producer has printed. */
  readonly acknowledged: string[] = [];
  readonly workers = new Set<Running>();
  readonly random: () => number;
  count = 0;

  constructor(
    readonly stage: Stage,
    seed: number,
    readonly killCount: number,
    readonly startMs: number,
  ) {
    this.random = randomFrom(seed);
  }

  get isOver(): boolean {
    return KINDS.reduce((sum, kind) => sum + this.kills[kind], 0) >= this.killCount;
  }

  /** Starts one process after the other; kills each after some starts' time, if it lives so long. */
  async blow(kind: Kind, start: () => Running | null, [least, most]: readonly [number, number]): Promise<void> {
    while (!this.isOver) {
      const running = start();
      const lifeMs = this.startMs * (least + this.random() * (most - least));
      if (!running) await sleep(lifeMs);
      else if (await this.kill(running, lifeMs)) this.kills[kind] += 1;
    }
  }

  async kill(running: Running, lifeMs: number): Promise<boolean> {
    const late = new AbortController();
    await Promise.race([running.ended, sleep(lifeMs, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    if (running.child.exitCode === null) running.child.kill('SIGKILL');
    return (await running.ended).signal === 'SIGKILL';
  }

  newId(what: string): string {
    this.count += 1;
    return `${what}-${this.count}`;
  }
}

const WORKERS = [[], ['-j', '2'], ['--isolate'], ['--burst', '--settle']] as const;

function startWorker({ stage, random, workers }: Air): Running {
  const running = stage.start(['worker', '--grace', '0.2s', '--path', stage.path, ...pick(random, WORKERS)]);
  workers.add(running);
  void running.ended.then(() => workers.delete(running));
  return running;
}

/** No job is given up because many of its workers were killed. */
const PATIENT = ['--max-crashes', '1000'];

interface StormJob {
  readonly name: string;
  readonly args: readonly string[];
  readonly expected: Expected;
}

const JOBS: readonly StormJob[] = [
  { name: 'slow', args: ['tasks#slow', ':150', ...PATIENT], expected: {} },
  { name: 'flaky', args: ['tasks#flaky', ':1', '--retry-max', '50', ...PATIENT], expected: {} },
  { name: 'later', args: ['tasks#plain', '--schedule-in', '1s', ...PATIENT], expected: {} },
  { name: 'repeated', args: ['tasks#plain', '--repeat', '1', ...PATIENT], expected: { successes: 2, done: { least: 2 } } },
  {
    name: 'once',
    args: ['tasks#slow', ':250', '--at-most-once'],
    expected: { states: ['finished', 'failed'], begun: { most: 1 }, done: { least: 0 } },
  },
  { name: 'bad', args: ['tasks#bad', ...PATIENT], expected: { states: ['failed'] } },
];

function startProducer(air: Air): Running {
  const { stage, random } = air;
  if (random() < 0.4) return startLines(air);
  const job = pick(random, JOBS);
  const id = air.newId(job.name);
  const parents = air.acknowledged.filter(parent => /^(slow|flaky|later)-/.test(parent));
  const parent = job.name === 'slow' && parents.length > 0 ? ['--depends-on', pick(random, parents)] : [];
  stage.expected.set(id, { ...job.expected, done: { least: 0 }, mayBeGone: true });
  return startEnqueue(air, [...job.args, ...parent, '--job-id', id], () => job.expected);
}

function startLines(air: Air): Running {
  const name = air.newId('lines');
  const count = 5 + Math.floor(air.random() * 40);
  writeFileSync(join(air.stage.folder, name), 'a line\n'.repeat(count));
  return startEnqueue(air, ['tasks#plain', '--lines', name, ...PATIENT], () => ({}));
}

/** What it has printed when it ends, in whatever way, is acknowledged. */
function startEnqueue(air: Air, args: readonly string[], expectedOf: () => Expected): Running {
  const running = air.stage.start(['enqueue', ...args, '--result-ttl', '1d']);
  const noted = running.ended.then(ran => {
    for (const id of ran.stdout.split('\n').slice(0, -1)) {
      air.stage.expected.set(id, expectedOf());
      air.acknowledged.push(id);
    }
    return ran;
  });
  return { ...running, ended: noted };
}

/** Jobs that nothing else depends on. */
function startCanceler({ stage, random, acknowledged }: Air): Running | null {
  const open = acknowledged.filter(id => !/^(slow|flaky|later|repeated|once|bad)-/.test(id));
  if (open.length === 0) return null;
  const ids = Array.from({ length: 3 }, () => pick(random, open.slice(-60)));
  for (const id of ids) stage.expected.set(id, { states: ['canceled', 'stopped', 'finished', 'failed'], done: { least: 0 } });
  return stage.start(['cancel', '--no-wait', ...ids]);
}

async function killExecutors(air: Air): Promise<void> {
  while (!air.isOver) {
    await sleep(air.startMs * (0.3 + 2 * air.random()));
    const pids = [...air.workers].flatMap(({ child }) => executorsOf(child.pid));
    if (pids.length === 0) continue;
    try {
      process.kill(pick(air.random, pids), 'SIGKILL');
      air.kills.executor += 1;
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Linux tells; elsewhere no executor is killed alone. */
function executorsOf(pid: number | undefined): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.filter(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('executor.js'));
  } catch {
    return [];
  }
}

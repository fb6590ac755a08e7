import { requeue } from '../../src/store/requeue.ts';
import type { TestRedis } from '../helpers/redis.ts';
import { type Audit, type AuditedJob, audit, readCounters } from './audit.ts';
import type { Scene } from './scene.ts';
import { type Expected, newStage, type Stage } from './stage.ts';

/** One case: the steps at which processes die in a scene. `later`: where the worker dies that comes after them. */
export interface Case {
  readonly scene: Scene;
  readonly steps: string;
  readonly later?: string;
}

/** What a case came to. */
export interface Verdict {
  /** At which of its steps a process died. */
  readonly died: readonly string[];
  readonly passed: ReadonlySet<string>;
  /** What is lost, doubled, stuck or left over. */
  readonly problems: readonly string[];
}

/** Plays a scene in a namespace of its own, lets clean workers settle what is left, and looks at every key. */
export async function play(redis: TestRedis, { scene, steps, later }: Case): Promise<Verdict> {
  const stage = newStage(redis);
  await scene.set(stage);
  await scene.act(stage, steps);
  await scene.after?.(stage);
  if (later !== undefined) await stage.startWorker(later).ended;
  await settle(stage);
  const findDead = (armed: string) => armed.split(',').filter(step => step !== '' && stage.diedAt(step));
  const died = [...findDead(steps), ...findDead(later ?? '')];
  const runsMore = scene.runsNone ? findDead(later ?? '') : died;
  const seen = await audit(redis.client, stage.db.prefix);
  const problems = [
    ...stage.blunders(),
    ...seen.problems,
    ...findLost(stage, seen, runsMore.length),
    ...(scene.keepsNone ? [] : await compareCounters(stage, seen)),
  ];
  const passed = new Set(stage.passed());
  if (problems.length === 0) await forget(stage);
  return { died, passed, problems };
}

/** Clean workers run what there is. A job whose executor was killed has failed, visibly, as RQ has it: it is run again, unless it may be run once only. */
export async function settle(stage: Stage): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const { status, signal, stderr } = await stage.startWorker().ended;
    if (signal !== null || (status !== 0 && status !== 1))
      throw new Error(`the clean worker ended with ${signal ?? status}:\n${stderr}`);
    const { jobs } = await audit(stage.db.client, stage.db.prefix);
    const killed = [...jobs.values()].filter(wasKilledInExecutor).filter(({ id }) => stage.expected.get(id)?.begun === undefined);
    for (const { id } of killed) await requeue(stage.db, id, false);
    if (killed.length === 0) return;
  }
}

function wasKilledInExecutor({ fields, results }: AuditedJob): boolean {
  return fields.status === 'failed' && /was killed by SIGKILL/.test(results.at(-1)?.error ?? '');
}

/** Compares what is there with what was acknowledged and with what the tasks did. `kills`: how many there were, each of which may make a job run once more. */
export function findLost(stage: Stage, seen: Audit, kills: number): string[] {
  const effects = stage.effects();
  const problems = [...stage.expected].flatMap(([id, expected]) =>
    judge(id, expected, seen.jobs.get(id), {
      kills,
      begun: effects.filter(effect => effect.id === id && effect.what === 'begun').length,
      done: effects.filter(effect => effect.id === id && effect.what === 'done').length,
      callbacks: effects.filter(effect => effect.id === id && effect.what === 'callback').length,
    }),
  );
  const done = new Set(effects.filter(({ what }) => what === 'done').map(({ execution }) => execution));
  for (const { id, results } of seen.jobs.values()) {
    for (const { type, execution } of results)
      if (type === '1' && !done.has(execution))
        problems.push(`${id}: execution ${execution} succeeded, and its task never came to its end`);
  }
  return problems;
}

interface Did {
  readonly kills: number;
  readonly begun: number;
  readonly done: number;
  readonly callbacks: number;
}

function judge(id: string, expected: Expected, job: AuditedJob | undefined, did: Did): string[] {
  const problems: string[] = [];
  const { states = ['finished'], begun, done = { least: 1 }, successes = 1 } = expected;
  const status = job?.fields.status ?? 'gone';
  if (!(job ? states.includes(status) : expected.mayBeGone))
    problems.push(`${id} was acknowledged and is ${status}, not ${states.join(' or ')}`);
  if (did.done < done.least) problems.push(`${id} is ${status}, and its task came to its end ${did.done} times`);
  const most = begun?.most ?? (expected.mayBeReplaced ? Number.POSITIVE_INFINITY : (expected.runs ?? 1) + did.kills);
  if (did.begun > most) problems.push(`${id} was begun ${did.begun} times, and ${most} at the most is right`);
  const kept = job?.results.filter(({ type }) => type === '1').length ?? 0;
  if (status === 'finished' && kept !== successes) problems.push(`${id} is finished with ${kept} successes`);
  const callback = CALLBACK_OF[status];
  // One whose executor was killed has failed, visibly.
  const hasFailed = /was killed by SIGKILL/.test(job?.fields.rqt_callback_error ?? '');
  if (callback && job?.fields[callback] && did.callbacks === 0 && !hasFailed)
    problems.push(`${id} is ${status}, and its callback never ran`);
  return problems;
}

const CALLBACK_OF: Readonly<Record<string, string>> = {
  finished: 'success_callback_name',
  failed: 'failure_callback_name',
  stopped: 'stopped_callback_name',
};

/** A job that is not kept, or was enqueued anew, leaves nothing to compare with. */
async function compareCounters({ db, expected, effects }: Stage, seen: Audit): Promise<string[]> {
  const { counted, kept } = await readCounters(db.client, db.prefix, seen);
  const unkept = [...expected]
    .filter(([id, { mayBeGone, mayBeReplaced }]) => (mayBeGone && !seen.jobs.has(id)) || mayBeReplaced)
    .reduce((sum, [id]) => sum + effects().filter(effect => effect.id === id && effect.what === 'done').length, 0);
  const isRight =
    counted.failed === kept.failed && counted.successful >= kept.successful && counted.successful <= kept.successful + unkept;
  return isRight ? [] : [`the workers have counted ${JSON.stringify(counted)}, and of results there are ${JSON.stringify(kept)}`];
}

/** Removes the keys and the folder of a stage. */
export async function forget({ db, close }: Stage): Promise<void> {
  const keys = await db.client.keys(`${db.prefix}:*`);
  for (let i = 0; i < keys.length; i += 1000) await db.client.unlink(...keys.slice(i, i + 1000));
  close();
}

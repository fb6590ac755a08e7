import assert from 'node:assert/strict';
import { after, suite, type TestContext, test } from 'node:test';
import { startRedis } from '../helpers/redis.ts';
import { type Case, play } from './matrix.ts';
import { chooseSeed, pick, randomFrom, shuffle } from './random.ts';
import type { Scene } from './scene.ts';
import { SCENES } from './scenes.ts';
import { allSteps, isOfExecutor } from './steps.ts';

/**
 * The kill matrix. The short form, part of `npm test`, kills at each step once: those that the scene with jobs of every kind comes to in
 * pairs that the seed of the day chooses, one death after the other; the rest in the first scene that comes to them. The long one
 * (`npm run test:faults`) kills at each step in each scene that comes to it, and at many more pairs; the medium one
 * (`RQT_FAULTS=medium`, in CI) at some of all those, other ones each day.
 */
const form = process.env.RQT_FAULTS ?? 'short';
const AT_A_TIME = 4;
const PAIRS = form === 'long' ? 300 : 50;
const MEDIUM_SINGLES = 100;
/** Where a step is a matter of time, a process may come by without it. */
const TRIES = 4;
/** See steps.ts: it may come about, and need not. Nobody is to be killed there. */
const NOBODY_KNOWS_WHEN = ['message.unfit.after'];

const redis = await startRedis();
const seed = chooseSeed();
const random = randomFrom(seed);
/** Every step that somebody came to in the walks. */
const known = new Set<string>();
const reached = await walkAll();
const steps = allSteps();
const everyKind = reached[0] as Walk;
const rare = steps.filter(step => !everyKind.steps.includes(step));
const singles = reached.flatMap(casesOf);
const died = new Map<string, number>();
after(() => {
  const kills = [...died.values()].reduce((sum, count) => sum + count, 0);
  console.log(`kill matrix, ${form} form: ${kills} kills at ${died.size} of ${steps.length} steps, seed ${seed}`);
});

test('every step is reached by some scene, and none is without its name', () => {
  const never = steps.filter(step => !known.has(step));
  assert.deepEqual(never, [], 'write a scene in test/faults/scenes.ts: a failpoint that nobody reaches is no promise');
  const nameless = [...known].filter(step => !steps.includes(step));
  assert.deepEqual(
    nameless,
    NOBODY_KNOWS_WHEN.filter(step => known.has(step)),
    'allSteps() misses these',
  );
});

if (form === 'short') {
  suite('killed once', { concurrency: AT_A_TIME }, () => {
    for (const some of pairInScenes(rare)) test(`a process killed at ${some} loses nothing`, () => killAtEach(some));
  });
  suite('killed twice', { concurrency: AT_A_TIME }, () => {
    for (const pair of pairUp()) {
      test(nameOf(pair), async () => {
        const dead = await playWell(pair);
        await killAtEach([pair.steps, pair.later ?? ''].filter(step => step !== '' && !dead.includes(step)));
      });
    }
  });
} else {
  suite('killed once', { concurrency: AT_A_TIME }, () => {
    for (const one of form === 'long' ? singles : shuffle(random, singles).slice(0, MEDIUM_SINGLES))
      test(nameOf(one), context => killIn(one, context));
  });
  suite('killed twice', { concurrency: AT_A_TIME }, () => {
    for (const pair of Array.from({ length: PAIRS }, choosePair)) test(nameOf(pair), async () => void (await playWell(pair)));
  });
}

test('a process was killed at every step', { skip: form === 'medium' }, async () => {
  const spared = () => steps.filter(step => !died.has(step));
  await killAtEach(spared());
  assert.deepEqual(spared(), []);
});

function nameOf({ scene, steps, later }: Case): string {
  return `${scene.name}: killed at ${steps}${later ? `, then at ${later}` : ''}: nothing is lost (seed ${seed})`;
}

/** Plays a case, which must leave nothing to complain of; returns at which of its steps somebody died. */
async function playWell(one: Case): Promise<readonly string[]> {
  const { died: dead, problems } = await play(redis, one);
  for (const step of dead) died.set(nameOfStep(step), (died.get(nameOfStep(step)) ?? 0) + 1);
  assert.deepEqual(problems, [], `${one.scene.name}, killed at ${one.steps}, then at ${one.later ?? 'none'}`);
  return dead;
}

const nameOfStep = (armed: string) => armed.replace(/:\d+$/, '');

/** Kills at one step in one scene. What this scene comes to now and then only, it may miss: the others, and the last test, do not. */
async function killIn(one: Case, context: TestContext): Promise<void> {
  for (let tries = 0; tries < TRIES / 2; tries += 1) if ((await playWell(one)).length > 0) return;
  context.skip('nobody came to it this time');
}

/** Kills at each of some steps, all of them in one play where that can be, else each in the first scene in which somebody comes to it. */
async function killAtEach(some: readonly string[]): Promise<void> {
  const [scene] = scenesOf(some[0] ?? '');
  const dead = some.length > 1 && scene ? await playWell({ scene, steps: some.join() }) : [];
  for (const step of some.filter(step => !dead.includes(step))) {
    if (!(await isKilledSomewhere(step))) assert.fail(`nobody came to ${step}`);
  }
}

async function isKilledSomewhere(step: string): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1)
    for (const scene of scenesOf(step)) if ((await playWell({ scene, steps: step })).length > 0) return true;
  return false;
}

/** A scene and the steps that it comes to when nobody is killed. */
interface Walk {
  readonly scene: Scene;
  readonly steps: readonly string[];
}

/** Plays each scene unharmed: what it comes to, and that nothing is wrong with it then. */
async function walkAll(): Promise<Walk[]> {
  const walks: Walk[] = [];
  const open = [...SCENES];
  const walk = async (): Promise<void> => {
    for (let scene = open.shift(); scene; scene = open.shift()) {
      const { passed, problems } = await play(redis, { scene, steps: '' });
      assert.deepEqual(problems, [], `${scene.name}, where nobody was killed`);
      for (const step of passed) known.add(step);
      walks.push({ scene, steps: [...passed].filter(step => !NOBODY_KNOWS_WHEN.includes(step)).sort() });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, walk));
  return SCENES.flatMap(scene => walks.filter(walk => walk.scene === scene));
}

function scenesOf(step: string): Scene[] {
  return reached.filter(({ steps }) => steps.includes(step)).map(({ scene }) => scene);
}

function casesOf({ scene, steps }: Walk): Case[] {
  return steps.map(step => ({ scene, steps: step }));
}

/** One step to a case; two where several processes of the first scene that comes to them may die, one after the other. */
function pairInScenes(some: readonly string[]): string[][] {
  return reached.flatMap(({ scene }) => {
    const own = some.filter(step => scenesOf(step)[0] === scene);
    if (!scene.manyDie) return own.map(step => [step]);
    const half = Math.ceil(own.length / 2);
    return own.slice(0, half).map((step, i) => [step, ...own.slice(half + i, half + i + 1)]);
  });
}

/** Each step of the scene with jobs of every kind once, two of them to a case. */
function pairUp(): Case[] {
  const { scene, steps } = everyKind;
  const shuffled = shuffle(random, steps);
  const cases: Case[] = [];
  for (let i = 0; i < shuffled.length; i += 2) {
    const [first, second] = [shuffled[i], shuffled[i + 1]];
    if (first) cases.push({ scene, steps: first, ...(second && { later: second }) });
  }
  return cases;
}

/** Two deaths in a row: of the scene's process, then of the worker that comes after it; or of an executor and its worker. */
function choosePair(): Case {
  const { scene, steps } = pick(random, reached);
  const first = pick(random, steps);
  const nth = 1 + Math.floor(random() * 3);
  const others = steps.filter(step => isOfExecutor(step) !== isOfExecutor(first));
  if (others.length > 0 && random() < 0.3) return { scene, steps: `${first},${pick(random, others)}:${nth}` };
  return { scene, steps: first, later: `${pick(random, everyKind.steps)}:${nth}` };
}

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { SCRIPT_NAMES } from '../../src/store/scripts.ts';
import { startRedis } from '../helpers/redis.ts';
import { type Case, play } from './matrix.ts';
import { chooseSeed, pick, randomFrom } from './random.ts';
import { SCENES, type Scene } from './scenes.ts';
import { allSteps, isOfExecutor } from './steps.ts';

/**
 * The kill matrix. The short form, part of `npm test`, kills at each step once: those that the scene with jobs of every kind comes to in
 * pairs that the seed of the day chooses, one death after the other; the rest in the first scene that comes to them. The long one
 * (`npm run test:faults`) kills at each step in each scene that comes to it, and at many more pairs.
 */
const isLong = process.env.RQT_FAULTS === 'long';
const AT_A_TIME = 4;
const LONG_PAIRS = 300;
/** Where a step is a matter of time, a process may come by without it. */
const TRIES = 4;

const redis = await startRedis();
const seed = chooseSeed();
const random = randomFrom(seed);
const reached = await walkAll();
const steps = allSteps();
const everyKind = reached[0] as Walk;
const singles = isLong ? reached.flatMap(casesOf) : steps.filter(step => !everyKind.steps.includes(step)).flatMap(inFirstScene);
const pairs = isLong ? Array.from({ length: LONG_PAIRS }, choosePair) : pairUp();
let kills = 0;
after(() => console.log(`kill matrix: ${kills} kills, ${steps.length} steps, ${pairs.length} pairs of them, seed ${seed}`));

test('every step is reached by some scene', () => {
  const known = new Set(reached.flatMap(({ steps }) => steps));
  const never = steps.filter(step => !known.has(step));
  // A new script may come before its scene does; the long form insists.
  const isScript = (step: string) => SCRIPT_NAMES.some(name => step === `${name}.before` || step === `${name}.after`);
  const missing = isLong ? never : never.filter(step => !isScript(step));
  if (never.length > 0) console.log(`kill matrix: not reached yet: ${never.join(', ')}`);
  assert.deepEqual(missing, [], 'write a scene in test/faults/scenes.ts: a failpoint that nobody reaches is no promise');
});

suite('killed once', { concurrency: AT_A_TIME }, () => {
  for (const one of singles) {
    test(`${one.scene.name}: a process killed at ${one.steps} loses nothing`, () => killUntilDead(one));
  }
});

suite('killed twice', { concurrency: AT_A_TIME }, () => {
  for (const pair of pairs) {
    test(`${pair.scene.name}: killed at ${pair.steps}${pair.later ? `, then at ${pair.later}` : ''} (seed ${seed})`, async () => {
      const { died, problems } = await play(redis, pair);
      kills += died.length;
      assert.deepEqual(problems, []);
      if (isLong) return;
      for (const step of [pair.steps, pair.later ?? ''])
        if (step !== '' && !died.includes(step)) await killUntilDead({ scene: pair.scene, steps: step });
    });
  }
});

/** Plays a case until a process has died at its step. */
async function killUntilDead(one: Case): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { died, problems } = await play(redis, one);
    kills += died.length;
    assert.deepEqual(problems, []);
    if (died.length > 0) return;
    assert.ok(tries < TRIES, `nobody came to ${one.steps}`);
  }
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
      walks.push({ scene, steps: [...passed].sort() });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, walk));
  return SCENES.flatMap(scene => walks.filter(walk => walk.scene === scene));
}

function casesOf({ scene, steps }: Walk): Case[] {
  return steps.map(step => ({ scene, steps: step }));
}

function inFirstScene(step: string): Case[] {
  const found = reached.find(({ steps }) => steps.includes(step));
  return found ? [{ scene: found.scene, steps: step }] : [];
}

/** Each step of the scene with jobs of every kind once, two of them to a case. */
function pairUp(): Case[] {
  const { scene, steps } = everyKind;
  const shuffled = steps.map(step => ({ step, key: random() })).sort((a, b) => a.key - b.key);
  const cases: Case[] = [];
  for (let i = 0; i < shuffled.length; i += 2) {
    const [first, second] = [shuffled[i], shuffled[i + 1]];
    if (first) cases.push({ scene, steps: first.step, ...(second && { later: second.step }) });
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

import { namespaceKeys } from '../../store/index.ts';
import { findLeftovers, judge } from './judge.ts';
import { PROMISES, type Promised } from './promises.ts';
import type { Stage } from './stage.ts';

/** What became of a promise; `why` is empty when it was kept. */
export interface Verdict {
  readonly name: string;
  readonly text: string;
  readonly why: readonly string[];
}

/** So many promises are played at a time. */
const LANES = 3;

/** Plays all promises and tells of each in the order of their list; looks at last at what all the killed have left. */
export async function playAll(stage: Stage, tell: (verdict: Verdict) => void): Promise<Verdict[]> {
  const lanes = Array.from({ length: LANES }, () => Promise.resolve());
  const playing = PROMISES.map((promised, i) => {
    const verdict = (lanes[i % LANES] as Promise<void>).then(() => play(stage, promised));
    lanes[i % LANES] = verdict.then(() => {});
    return verdict;
  });
  const verdicts: Verdict[] = [];
  for (const one of [...playing, Promise.all(playing).then(() => lookForLeftovers(stage))]) {
    const verdict = await one;
    if (stage.isOver) break;
    verdicts.push(verdict);
    tell(verdict);
  }
  return verdicts;
}

async function play(stage: Stage, { name, text, play }: Promised): Promise<Verdict> {
  try {
    const expected = await play(stage);
    const looked = [...expected.keys()].map(async id => [id, await stage.look(id)] as const);
    const jobs = new Map(await Promise.all(looked));
    return { name, text, why: judge(expected, { jobs, effects: stage.effects() }) };
  } catch (error) {
    return { name, text, why: [(error as Error).message] };
  }
}

async function lookForLeftovers({ db, isOver }: Stage): Promise<Verdict> {
  const text = 'nobody who was killed leaves a lease, an execution or a worker behind';
  const why = isOver ? [] : findLeftovers(await namespaceKeys(db), db.prefix);
  return { name: 'leftovers', text, why };
}

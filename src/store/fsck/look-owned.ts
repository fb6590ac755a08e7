import { keys } from '../keys.ts';
import { ask, askEach } from './ask.ts';
import { type Finding, type Owned, wrongType } from './finding.ts';
import type { Look } from './scan.ts';

const TYPE_OF: Readonly<Record<Owned, string>> = {
  results: 'stream',
  output: 'stream',
  children: 'set',
  dependencies: 'set',
  dependents: 'set',
  executions: 'zset',
};

/** Keys that belong to a job: is there that job? What Redis forgets by itself is left to it. */
export const lookAtOwned: Look<'owned'> = async (scan, targets) => {
  const { db, prefix } = scan;
  const asked = await askEach(db, targets, ({ id, key }) => [
    ['type', key],
    ['exists', keys.job(prefix, id)],
    ['pttl', key],
    ['hexists', `${prefix}:rqt:releasing`, id],
  ]);
  const findings: Finding[] = [];
  for (const { item: target, replies } of asked) {
    const [type, owner, left, releasing] = replies;
    const { id, key, owned } = target;
    if (type !== 'none' && type !== TYPE_OF[owned]) {
      findings.push(wrongType(key, TYPE_OF[owned], sayType(type, TYPE_OF[owned])));
    } else if (type !== 'none' && owner === 0 && left === -1 && releasing !== 1) {
      const detail = `${owned} of job ${id}, which is gone`;
      findings.push({ kind: 'key-orphaned', subject: id, queue: null, key, detail, mark: owned, target });
    }
  }
  return findings;
};

/** Keys that were found to be of another type. */
export const lookAtTypes: Look<'type'> = async ({ db }, targets) => {
  const types = await ask(
    db,
    targets.map(({ key }) => ['type', key]),
  );
  return targets.flatMap(({ key, expected }, i) => {
    const type = types[i];
    if (type === 'none' || type === expected) return [];
    return [wrongType(key, expected, sayType(type, expected))];
  });
};

function sayType(type: unknown, expected: string): string {
  return `a ${type} in the place of a ${expected}`;
}

/** Parents that have ended and whose children are still to be told: it counts when nobody goes on with it. */
export const lookAtReleases: Look<'release'> = async ({ db, prefix }, targets) => {
  const key = `${prefix}:rqt:releasing`;
  const notes = await ask(
    db,
    targets.map(({ id }) => ['hget', key, id]),
  );
  return targets.flatMap((target, i) => {
    const note = notes[i];
    if (typeof note !== 'string') return [];
    const detail = 'its children are still to be told';
    return [{ kind: 'release-pending', subject: target.id, queue: null, key, detail, mark: note, target }];
  });
};

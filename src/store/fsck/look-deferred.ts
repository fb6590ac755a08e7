import { keys } from '../keys.ts';
import { ask, fieldsOf, WRONG_TYPE } from './ask.ts';
import type { Finding, Kind, Target } from './finding.ts';
import type { Look, Scan } from './scan.ts';

type Deferred = Extract<Target, { area: 'deferred' }>;

const BAD_ENDS = ['failed', 'stopped', 'canceled'];

/** Deferred jobs: is there a parent that will release them? look_at_deferred in family.lua decides by the same rules. */
export const lookAtDeferred: Look<'deferred'> = async (scan, targets) => {
  const findings: Finding[] = [];
  for (const target of targets) {
    const found = await lookAtOne(scan, target);
    if (found) findings.push(found);
  }
  return findings;
};

async function lookAtOne(scan: Scan, target: Deferred): Promise<Finding | null> {
  const { db, prefix } = scan;
  const { id, queue } = target;
  const [fields, members] = await ask(db, [
    ['hmget', keys.job(prefix, id), 'status', 'origin', ...POLICY],
    ['smembers', keys.dependencies(prefix, id)],
  ]);
  const [status, origin, onFailure, allow, again, named] = fieldsOf(fields);
  if (status !== 'deferred' || origin !== queue || members === WRONG_TYPE) return null;
  const listed = fieldsOf(members).filter(parent => parent !== null);
  const isListed = listed.length > 0;
  const parents = await readParents(scan, isListed ? listed : idsOf(named), id);
  // Those that ended, or removed, a parent are telling its children right now: a worker goes on with that.
  if (parents.some(({ isReleasing }) => isReleasing)) return null;
  const found = (kind: Kind, detail: string): Finding => ({
    kind,
    detail,
    subject: id,
    queue,
    key: keys.registry(prefix, 'deferred', queue),
    mark: parents.map(parent => `${parent.id} ${parent.status} ${parent.knowsChild}`).join('|'),
    target,
  });
  const isMet = ({ status: parent }: Parent) =>
    parent === null || parent === 'finished' || (allow === '1' && BAD_ENDS.includes(parent));
  const bad = parents.find(parent => parent.status !== null && BAD_ENDS.includes(parent.status));
  if (isListed && bad && onFailure === 'cancel' && allow !== '1' && again === null)
    return found('deferred-stranded', `its parent ${bad.id} is ${bad.status}`);
  const waiting = parents.filter(parent => !isMet(parent));
  if (waiting.length === 0) return found('deferred-stranded', sayMet(parents));
  const unbound = waiting.find(({ knowsChild }) => !knowsChild);
  if (unbound) return found('deferred-unbound', `its parent ${unbound.id} does not know of it`);
  return isListed ? null : found('deferred-unbound', `it does not know its parent ${waiting[0]?.id}`);
}

const POLICY = ['rqt_on_parent_failure', 'allow_dependency_failures', 'rqt_deferred_again', 'dependency_ids'] as const;

interface Parent {
  readonly id: string;
  readonly status: string | null;
  readonly isReleasing: boolean;
  readonly knowsChild: boolean;
}

async function readParents({ db, prefix }: Scan, ids: readonly string[], child: string): Promise<Parent[]> {
  const replies = await ask(
    db,
    ids.flatMap(id => [
      ['hget', keys.job(prefix, id), 'status'] as const,
      ['hexists', `${prefix}:rqt:releasing`, id] as const,
      ['sismember', keys.dependents(prefix, id), child] as const,
    ]),
  );
  return ids.map((id, i) => {
    const [status, releasing, knows] = replies.slice(3 * i, 3 * i + 3);
    return { id, status: typeof status === 'string' ? status : null, isReleasing: releasing === 1, knowsChild: knows !== 0 };
  });
}

function sayMet(parents: readonly Parent[]): string {
  const [first] = parents;
  if (!first) return 'it waits for nobody';
  return first.status === null ? `its parent ${first.id} is gone` : `its parent ${first.id} is ${first.status}`;
}

function idsOf(json: string | null | undefined): string[] {
  try {
    const ids: unknown = JSON.parse(json ?? '[]');
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    return [];
  }
}

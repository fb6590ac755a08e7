import { keys, type Registry } from '../keys.ts';
import { askEach, fieldsOf, WRONG_TYPE } from './ask.ts';
import { STAMP } from './damage.ts';
import { type Finding, type Kind, type Target, wrongType } from './finding.ts';
import type { Look, Scan } from './scan.ts';

type Name = Extract<Target, { area: 'name' }>;
type Judged = (Pick<Finding, 'kind' | 'detail'> & { readonly queue?: string }) | null;

const REGISTRIES: readonly Registry[] = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'];

/** Names of queues, workers and groups: are there such, and are those that there are named? */
export const lookAtNames: Look<'name'> = async (scan, targets) => {
  const asked = await askEach(scan.db, targets, target => commandsFor(scan, target));
  const findings: Finding[] = [];
  for (const { item: target, replies } of asked) {
    const { set, member, id } = target;
    if (set === 'worker' && replies[0] === WRONG_TYPE) findings.push(wrongType(member, 'hash', 'not a hash'));
    const found = judge(scan, target, replies);
    if (!found) continue;
    findings.push({
      kind: found.kind,
      detail: found.detail,
      subject: id || nameOf(scan, target),
      queue: found.queue ?? (set.startsWith('workers:') ? set.slice('workers:'.length) : null),
      key: set === 'worker' ? member : set === 'groups' ? keys.group(scan.prefix, member) : `${scan.prefix}:${set}`,
      mark: found.detail,
      target,
    });
  }
  return findings;
};

function commandsFor({ prefix }: Scan, { set, member, id }: Name) {
  switch (set) {
    case 'queues':
      return [
        ['sismember', keys.queues(prefix), member] as const,
        ['exists', ...contentOf(prefix, queueOf(prefix, member) ?? '')] as const,
      ];
    case 'groups':
      return id === ''
        ? [['sismember', `${prefix}:groups`, member] as const, ['exists', keys.group(prefix, member)] as const]
        : [['sismember', keys.group(prefix, member), id] as const, ['exists', keys.job(prefix, id)] as const];
    case 'worker':
      return [
        ['hmget', member, 'birth', 'death'] as const,
        ['pttl', member] as const,
        ['sismember', keys.workers(prefix), member] as const,
      ];
    default:
      return [['sismember', `${prefix}:${set}`, member] as const, ['exists', member] as const];
  }
}

function judge(scan: Scan, target: Name, replies: unknown[]): Judged {
  const { set, member, id } = target;
  const [first, second, third] = replies;
  switch (set) {
    case 'queues': {
      const queue = queueOf(scan.prefix, member);
      if (queue === null) return first === 1 ? is('queue-misnamed', 'not the key of a queue') : null;
      return first === 0 && Number(second) > 0 ? { ...is('queue-unlisted', 'not in the list of queues'), queue } : null;
    }
    case 'groups':
      if (id !== '') return first === 1 && second === 0 ? is('group-stale', `in group ${member}, there is no such job`) : null;
      if (first === 1 && second === 0) return is('group-stale', 'no job of the group is left');
      return first === 0 && second === 1 ? is('group-stale', 'not in the list of groups') : null;
    case 'worker':
      return judgeWorker(fieldsOf(first), Number(second), third === 0);
    default:
      return first === 1 && (second === 0 || !member.startsWith(keys.worker(scan.prefix, '')))
        ? is('worker-ghost', `in ${set}, but there is no such worker`)
        : null;
  }
}

function judgeWorker([birth, death]: (string | null)[], left: number, isUnlisted: boolean): Judged {
  if (left === -2 || birth === undefined) return null;
  if (birth === null) return is('worker-unlisted', 'it was never registered');
  if (!STAMP.test(birth)) return is('worker-unlisted', 'its birth cannot be read');
  if (left === -1) return is('worker-unlisted', 'it never expires');
  return death === null && isUnlisted ? is('worker-unlisted', 'not in the list of workers') : null;
}

function is(kind: Kind, detail: string) {
  return { kind, detail };
}

function nameOf({ prefix }: Scan, { set, member }: Name): string {
  if (set === 'queues') return queueOf(prefix, member) ?? member;
  const start = keys.worker(prefix, '');
  return set !== 'groups' && member.startsWith(start) ? member.slice(start.length) : member;
}

function queueOf(prefix: string, key: string): string | null {
  const start = keys.queue(prefix, '');
  return key.startsWith(start) ? key.slice(start.length) : null;
}

function contentOf(prefix: string, queue: string): string[] {
  return [
    keys.queue(prefix, queue),
    keys.queueSuspended(prefix, queue),
    ...REGISTRIES.map(registry => keys.registry(prefix, registry, queue)),
  ];
}

import { keys } from '../keys.ts';
import type { Owned, Place, Target } from './finding.ts';

/** What a key's name says that it holds. */
export interface Named {
  /** Things to be looked at as they are. */
  readonly targets: readonly Target[];
  /** A collection whose members are to be looked at, one by one. */
  readonly content: Content | null;
}

/** A collection. `type` is Redis's. */
export type Content =
  | { readonly type: 'zset'; readonly of: Exclude<Place, 'queue' | 'intermediate'>; readonly queue: string }
  | { readonly type: 'zset'; readonly of: 'wip'; readonly queue: string }
  | { readonly type: 'zset'; readonly of: 'executions'; readonly id: string }
  | { readonly type: 'set'; readonly of: 'names'; readonly set: string }
  | { readonly type: 'set'; readonly of: 'group'; readonly group: string }
  | { readonly type: 'zset'; readonly of: 'cron' }
  | { readonly type: 'hash'; readonly of: 'releasing' }
  | { readonly type: 'list'; readonly of: 'callbacks'; readonly queue: string };

const OWNED: readonly [pattern: RegExp, owned: Owned][] = [
  [/^job:([^:]+):dependents$/, 'dependents'],
  [/^job::([^:]+):dependencies$/, 'dependencies'],
  [/^results:([^:]+)$/, 'results'],
  [/^rqt:output:([^:]+)$/, 'output'],
  [/^rqt:children:([^:]+)$/, 'children'],
  [/^executions:([^:]+)$/, 'executions'],
];

/** Keys of which only the type is looked at. */
const OTHERS: readonly [pattern: RegExp, type: string][] = [
  [/^rqt:(expiring|runs)$/, 'zset'],
  [/^rqt:live:[^:]+$/, 'stream'],
  [/^(suspended$|rqt:once:|rqt:spooled:)/, 'string'],
];

/** Reads a key's name; null for one that fsck knows nothing about, such as RQ's locks or what later versions add. Queues are walked apart. */
export function readKeyName(prefix: string, key: string): Named | null {
  const rest = key.slice(prefix.length + 1);
  const job = /^job:([^:]+)$/.exec(rest)?.[1];
  if (job !== undefined) return { targets: [{ area: 'job', id: job }], content: null };
  for (const [pattern, owned] of OWNED) {
    const id = pattern.exec(rest)?.[1];
    if (id === undefined) continue;
    return {
      targets: [{ area: 'owned', owned, id, key }],
      content: owned === 'executions' ? { type: 'zset', of: 'executions', id } : null,
    };
  }
  const [, job2, execution] = /^execution:([^:]+):([^:]+)$/.exec(rest) ?? [];
  if (job2 && execution) return { targets: [{ area: 'execution', id: job2, execution }], content: null };
  return readCollection(prefix, rest) ?? readName(prefix, rest, key);
}

function readCollection(prefix: string, rest: string): Named | null {
  if (rest === 'queues' || rest === 'workers' || rest === 'groups')
    return { targets: [], content: { type: 'set', of: 'names', set: rest } };
  if (rest === 'rqt:cron') return { targets: [], content: { type: 'zset', of: 'cron' } };
  if (rest === 'rqt:releasing') return { targets: [], content: { type: 'hash', of: 'releasing' } };
  const owing = /^rqt:callbacks:(.+)$/s.exec(rest)?.[1];
  if (owing !== undefined) return { targets: [], content: { type: 'list', of: 'callbacks', queue: owing } };
  const [, name = '', argument = ''] = /^(wip|finished|failed|deferred|scheduled|canceled|workers|group):(.+)$/s.exec(rest) ?? [];
  if (name === 'workers') return { targets: [], content: { type: 'set', of: 'names', set: rest } };
  if (name === 'group')
    return {
      targets: [{ area: 'name', set: 'groups', member: argument, id: '' }],
      content: { type: 'set', of: 'group', group: argument },
    };
  if (name === '') return null;
  const of = name as 'wip' | Exclude<Place, 'queue' | 'intermediate'>;
  return { targets: [queueTarget(prefix, argument)], content: { type: 'zset', of, queue: argument } as Content };
}

function readName(prefix: string, rest: string, key: string): Named | null {
  const suspended = /^rqt:suspended:(.+)$/s.exec(rest)?.[1];
  if (suspended !== undefined) return { targets: [queueTarget(prefix, suspended)], content: null };
  const entry = /^rqt:cron:(.+)$/s.exec(rest)?.[1];
  if (entry !== undefined) return { targets: [{ area: 'cron', name: entry }], content: null };
  for (const [pattern, expected] of OTHERS)
    if (pattern.test(rest)) return { targets: [{ area: 'type', key, expected }], content: null };
  if (rest.startsWith('worker:') && !rest.endsWith(':executions'))
    return { targets: [{ area: 'name', set: 'worker', member: key, id: '' }], content: null };
  return null;
}

function queueTarget(prefix: string, queue: string): Target {
  return { area: 'name', set: 'queues', member: keys.queue(prefix, queue), id: '' };
}

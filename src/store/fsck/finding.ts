import type { Registry } from '../keys.ts';

/** One thing to be looked at, and looked at again: a job, an entry of a list or a registry, a key, a member of a set. */
export type Target =
  | { readonly area: 'entry'; readonly place: Place; readonly queue: string; readonly id: string }
  | { readonly area: 'lease'; readonly queue: string; readonly id: string; readonly execution: string }
  | { readonly area: 'execution'; readonly id: string; readonly execution: string }
  | { readonly area: 'job'; readonly id: string }
  | { readonly area: 'deferred'; readonly queue: string; readonly id: string }
  | { readonly area: 'owned'; readonly owned: Owned; readonly id: string; readonly key: string }
  | { readonly area: 'name'; readonly set: string; readonly member: string; readonly id: string }
  | { readonly area: 'release'; readonly id: string }
  | { readonly area: 'callback'; readonly queue: string; readonly id: string }
  | { readonly area: 'cron'; readonly name: string }
  | { readonly area: 'type'; readonly key: string; readonly expected: string };

/** Where ids are listed: a queue, what Python's worker has popped of it, or a registry. */
export type Place = 'queue' | 'intermediate' | Exclude<Registry, 'wip'>;

/** Keys that belong to one job each. */
export type Owned = 'results' | 'output' | 'children' | 'dependencies' | 'dependents' | 'executions';

/** Something that no reader should ever see. */
export interface Finding {
  readonly kind: Kind;
  /** What it is about: a job's id, or a name. */
  readonly subject: string;
  readonly queue: string | null;
  /** The key that shows it. */
  readonly key: string;
  /** What is wrong with this one, for a person. */
  readonly detail: string;
  /** Changes when what was found changes: what is seen twice with the same mark has stayed as it is. */
  readonly mark: string;
  readonly target: Target;
}

/** What there is to say of a kind. */
export interface About {
  /** What it is. */
  readonly means: string;
  /** What `--fix` does. */
  readonly fix: string;
  /** What a worker would do, if it does. */
  readonly heals?: string;
  /** Python's RQ passes through this state in several steps: it counts only when it lasts. */
  readonly isPassing?: boolean;
}

/** Every kind of damage that is known. */
export const KINDS = {
  'job-ghost': {
    means: 'job hashes without a payload and a state, such as a late heartbeat leaves',
    fix: 'removes them: they hold nothing',
  },
  'job-damaged': {
    means: 'job hashes that RQ cannot read',
    fix: 'corrects the fields; a job that cannot be run any more fails, with the reason',
  },
  'queue-ghost': {
    means: 'ids on a queue without a job',
    fix: 'takes them off the queue',
    heals: 'a worker skips them when it comes to them',
    isPassing: true,
  },
  'queue-twice': { means: 'ids that are on a queue more than once', fix: 'leaves the first of them', isPassing: true },
  'queue-stale': {
    means: 'ids on a queue whose job is in another state, or belongs to another queue',
    fix: 'takes them off, and puts the job to its own place if it is not there',
    isPassing: true,
  },
  'queue-stranded': {
    means: "ids that a worker of Python's RQ has popped and never started",
    fix: 'puts those that are queued to the front of their queue',
    isPassing: true,
  },
  'queued-lost': {
    means: "queued jobs that are on no queue: a worker's or a producer's crash has lost them",
    fix: 'puts them to the front of their queue',
    isPassing: true,
  },
  'started-lost': {
    means: 'started jobs that nobody runs: without a lease',
    fix: 'puts them to the front of their queue, as after a crash (those that may start only once fail)',
    isPassing: true,
  },
  'lease-lapsed': {
    means: 'executions whose worker is silent for too long',
    fix: 'puts their jobs to the front of their queue, as after a crash (those that may start only once fail)',
    heals: 'a worker of the queue does that',
  },
  'lease-stale': {
    means: 'leases of jobs that are gone or do not run',
    fix: 'ends them; a job that waits although it runs is marked as started',
    isPassing: true,
  },
  'execution-torn': {
    means: "executions of which a part is missing: these break RQ's cancel and delete",
    fix: 'completes those that are alive and removes the rest',
    isPassing: true,
  },
  'deferred-stranded': {
    means: 'deferred jobs that none of their parents can release any more',
    fix: 'puts them on their queue; one that waits for a success that cannot come is canceled',
    heals: 'a worker of the queue does that, a few at a time',
    isPassing: true,
  },
  'deferred-unbound': {
    means: 'deferred jobs that their parent does not know of, or that do not know their parents',
    fix: 'binds them to their parents again',
    isPassing: true,
  },
  'registry-lost': {
    means: 'jobs that are not in the registry of their state',
    fix: 'puts them there; a scheduled one is due at once, since its time is lost',
    isPassing: true,
  },
  'registry-ghost': {
    means: 'entries of registries without a job',
    fix: 'takes them out',
    heals: 'a worker of the queue forgets most of them',
    isPassing: true,
  },
  'registry-stale': {
    means: 'entries of registries whose job is in another state, or belongs to another queue',
    fix: 'takes them out, and puts the job to its own place if it is not there',
    isPassing: true,
  },
  'registry-unswept': {
    means: 'entries of registries whose time has long been over',
    fix: 'takes them out; a job that is still there is kept for its time once more',
    heals: 'a worker of the queue forgets them',
  },
  'key-orphaned': {
    means: 'results, output and families of jobs that are gone, kept for ever',
    fix: 'removes them, after looking at the jobs that wait for the one that is gone',
  },
  'release-pending': {
    means: 'ended parents whose children were not all told',
    fix: 'tells them',
    heals: 'any worker does that',
    isPassing: true,
  },
  'callback-stale': {
    means: 'ids of due callbacks whose job is gone, owes none, or belongs to another queue',
    fix: 'takes them out, and lists a job that owes one with its own queue',
    heals: 'a worker of the queue skips most of them when it comes to them',
  },
  'callback-lost': {
    means: 'jobs that have ended without their worker, and whose callback no worker would come to',
    fix: 'lists them for a worker of their queue',
  },
  'queue-unlisted': {
    means: 'queues with content that the list of queues does not have: no worker sweeps them, nobody sees them',
    fix: 'lists them',
    isPassing: true,
  },
  'queue-misnamed': {
    means: 'members of the list of queues that are no keys of queues',
    fix: 'writes them as RQ does, or takes them out',
  },
  'worker-ghost': {
    means: 'names of workers that Redis has forgotten',
    fix: 'takes them out',
    heals: 'any worker does that',
    isPassing: true,
  },
  'worker-unlisted': {
    means: 'workers that are not listed, never expire, were never registered, or whose birth RQ cannot read',
    fix: 'lists those that live, lets the rest expire, gives them a birth, removes what was never a worker',
    isPassing: true,
  },
  'group-stale': {
    means: 'groups, and members of groups, whose jobs are gone',
    fix: 'takes them out',
    heals: 'any worker does that, a few at a time',
    isPassing: true,
  },
  'cron-unlisted': {
    means:
      'entries of rqt cron that their timetable does not have, or has at another time: they never fire, or at the wrong time',
    fix: 'lists them for their next slot; a name without an entry is taken out',
  },
  'cron-damaged': {
    means: 'entries of rqt cron that cannot be fired: a part of what they are is missing or cannot be read',
    fix: 'leaves them to you, as what they were is not known any more (rqt cron remove, then add or apply)',
  },
  'wrong-type': {
    means: 'keys that hold something else than RQ keeps there: they may be of another program',
    fix: 'renames each to <namespace>:rqt:aside:…, where it is kept for you, and mends what it stood in the way of',
  },
} as const satisfies Record<string, About>;

/** The name of a kind of damage. */
export type Kind = keyof typeof KINDS;

/** Looks up what there is to say of a kind. */
export function about(kind: Kind): About {
  return KINDS[kind];
}

/** The finding of a key that holds something of another type. */
export function wrongType(key: string, expected: string, detail: string): Finding {
  return { kind: 'wrong-type', subject: key, queue: null, key, detail, mark: '', target: { area: 'type', key, expected } };
}

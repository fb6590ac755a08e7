import type { JobTree, TreeJob } from '../model.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';

/** How far up and down, how many of one job's relatives, and how many jobs in all. */
const BOUNDS = { levels: 10, width: 20, jobs: 200 } as const;

/**
 * What a job depends on and what depends on it, or null when there is no such job. RQ forgets a child with its parent as soon as the child is
 * released: of such a parent only the way up is known. It only reads.
 */
export async function jobTree(db: Db, id: string): Promise<JobTree | null> {
  const jobs = new Map<string, TreeJob>();
  const [asked] = await readJobs(db, [id], 'asked');
  if (!asked || asked.state === null) return null;
  jobs.set(id, asked);
  await walk(db, jobs, { from: asked, relation: 'ancestor', next: ({ parents }) => parents });
  const gone = await walk(db, jobs, { from: asked, relation: 'descendant', next: ({ children }) => children });
  return { id, jobs: new Map([...jobs].map(([each, job]) => [each, withoutChildren(job, gone)])) };
}

/** Of a child that is gone nothing is left to show. */
function withoutChildren(job: TreeJob, gone: ReadonlySet<string>): TreeJob {
  const children = job.children.filter(id => !gone.has(id));
  return { ...job, children, childCount: job.childCount - (job.children.length - children.length) };
}

interface Direction {
  readonly from: TreeJob;
  readonly relation: 'ancestor' | 'descendant';
  readonly next: (job: TreeJob) => readonly string[];
}

/** Level by level, one round trip each. The way up may use half of the room. Returns the ids of children that are gone. */
async function walk(db: Db, jobs: Map<string, TreeJob>, { from, relation, next }: Direction): Promise<Set<string>> {
  const gone = new Set<string>();
  const most = relation === 'ancestor' ? BOUNDS.jobs / 2 : BOUNDS.jobs;
  let level = [from];
  for (let depth = 0; depth < BOUNDS.levels && level.length > 0; depth += 1) {
    const ids = [...new Set(level.flatMap(next))].filter(id => !jobs.has(id) && !gone.has(id));
    const found = await readJobs(db, ids.slice(0, Math.max(0, most - jobs.size)), relation);
    // A parent that is gone is shown as that: it counts as met.
    level = found.filter(({ state }) => state !== null || relation === 'ancestor');
    for (const job of level) jobs.set(job.id, job);
    for (const { id } of found) if (!jobs.has(id)) gone.add(id);
  }
  return gone;
}

async function readJobs(db: Db, ids: readonly string[], relation: TreeJob['relation']): Promise<TreeJob[]> {
  const { client, prefix } = db;
  return Promise.all(
    ids.map(async id => {
      const [fields, waiting, noted] = await Promise.all([
        client.hmget(keys.job(prefix, id), 'status', 'origin', 'description', 'dependency_ids', 'dependency_id'),
        someOf(db, keys.dependents(prefix, id)),
        someOf(db, keys.children(prefix, id)),
      ]);
      const children = [...new Set([...waiting.members, ...noted.members])];
      const [state = null, queue, description, parentIds, parentId] = fields;
      const parents = readParents(parentIds ?? null, parentId ?? null);
      const isAncestor = relation === 'ancestor';
      return {
        id,
        state,
        queue: queue ?? '',
        description: description ?? '',
        relation,
        parents: parents.slice(0, BOUNDS.width),
        // Its other children are no relatives of the job that was asked for.
        children: isAncestor ? [] : children.slice(0, BOUNDS.width).sort(),
        parentCount: parents.length,
        childCount: isAncestor ? 0 : Math.max(children.length, waiting.count, noted.count),
      };
    }),
  );
}

/** How many members a set has, and the first of them. */
async function someOf({ client }: Db, key: string): Promise<{ count: number; members: string[] }> {
  const [count, [, members]] = await Promise.all([client.scard(key), client.sscan(key, '0', 'COUNT', BOUNDS.width)]);
  return { count, members };
}

function readParents(json: string | null, first: string | null): string[] {
  try {
    const parsed: unknown = JSON.parse(json ?? '');
    if (Array.isArray(parsed)) return [...new Set(parsed.map(String))];
  } catch {
    // RQ 1.5 wrote no list.
  }
  return first ? [first] : [];
}

import type { JobTree } from '../model.ts';

/**
 * `rqt status --tree --json`: a plain object, version 1. `relation` is that to the job `id`: asked, ancestor or descendant. `state` null: the job
 * is gone. Ids in `parents` and `children` that are not among `jobs` were left out; the counts tell how many there are in all.
 */
export function treeDocument({ id, jobs }: JobTree) {
  return {
    version: 1,
    kind: 'job_tree',
    id,
    jobs: [...jobs.values()].map(job => ({
      id: job.id,
      relation: job.relation,
      state: job.state,
      queue: job.queue,
      description: job.description,
      parents: job.parents,
      children: job.children,
      parent_count: job.parentCount,
      child_count: job.childCount,
    })),
  } as const;
}

import type { JobRow } from '../model.ts';
import type { Db } from './db.ts';
import { groupPages } from './job-group.ts';
import { openPlaces } from './job-places.ts';
import { type JobQuery, readRows } from './job-rows.ts';

/**
 * Jobs, newest first, read in pages as they are asked for: the cost depends on how many rows are taken, never on how many jobs
 * there are, and little more than a page of each queue and state is held. It only reads.
 *
 * The order is that of Redis's registries, which is time's where all jobs of a queue are kept for the same time; a registry of up to
 * 1,000 jobs is put in order of time whatever it is. Ids without a job are skipped. A group's jobs are read all, and sorted.
 */
export async function* listJobs(db: Db, query: JobQuery): AsyncGenerator<JobRow> {
  if (query.group !== null) {
    for await (const page of groupPages(db, query, query.group)) yield* await readRows(db, page, query);
    return;
  }
  yield* merge(await openPlaces(db, query));
}

interface Head {
  readonly row: JobRow;
  readonly rest: AsyncGenerator<JobRow>;
}

/** Merges rows that are each in order. All sources are asked for their first row at once. */
async function* merge(sources: readonly AsyncGenerator<JobRow>[]): AsyncGenerator<JobRow> {
  const heads = (await Promise.all(sources.map(nextHead))).filter(head => head !== null);
  while (heads.length > 0) {
    let newest = 0;
    for (let i = 1; i < heads.length; i += 1) if (timeOf(heads[i]) > timeOf(heads[newest])) newest = i;
    const head = heads[newest];
    if (!head) return;
    yield head.row;
    const next = await nextHead(head.rest);
    if (next) heads[newest] = next;
    else heads.splice(newest, 1);
  }
}

async function nextHead(rest: AsyncGenerator<JobRow>): Promise<Head | null> {
  const { value, done } = await rest.next();
  return done ? null : { row: value, rest };
}

function timeOf(head: Head | undefined): number {
  return head?.row.at ?? 0;
}

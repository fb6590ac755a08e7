import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RqtError } from '../../errors.ts';
import { makeFolders } from '../../folders.ts';
import type { Db } from '../db.ts';
import { type Enqueued, type EnqueueOptions, enqueue } from '../enqueue.ts';
import { failureOf } from '../failure.ts';
import { type Entry, readEntry } from './entry.ts';

/** How many jobs were sent, and a line for each thing that went wrong for good. */
export interface Sent {
  readonly sent: number;
  readonly problems: readonly string[];
}

/** What a file came to: its jobs, nothing, or Redis does not take any now. */
type Outcome = { readonly sent: number; readonly problems: readonly string[] } | 'later';

/**
 * Sends all files of a spool in their order, and stops where Redis does not take one now. Files that can never be sent are set aside, into the
 * folder `bad`. Anyone may do so at the same time. Does not throw.
 */
export async function sendAll(db: Db, folder: string): Promise<Sent> {
  let sent = 0;
  const problems: string[] = [];
  for (const name of namesIn(folder)) {
    const outcome = await sendOne(db, folder, name);
    if (outcome === 'later') break;
    sent += outcome.sent;
    problems.push(...outcome.problems);
  }
  return { sent, problems };
}

const NOTHING: Outcome = { sent: 0, problems: [] };
/** A draft this old was left by a process that was killed. */
const DEAD_DRAFT_MS = 3_600_000;

function namesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder);
    for (const name of names.filter(candidate => candidate.startsWith('.draft-'))) removeDeadDraft(join(folder, name));
    return names.filter(name => name.endsWith('.json')).sort();
  } catch {
    return [];
  }
}

function removeDeadDraft(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && Date.now() - stats.mtimeMs > DEAD_DRAFT_MS) rmSync(path, { force: true });
}

async function sendOne(db: Db, folder: string, name: string): Promise<Outcome> {
  const path = join(folder, name);
  let entry: Entry | string;
  try {
    entry = readEntry(readFileSync(path, 'utf8'), db.prefix);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Somebody else has sent it.
    if (code === 'ENOENT') return NOTHING;
    entry = `it cannot be read: ${message}`;
  }
  if (typeof entry === 'string') return setAside(folder, name, entry);
  try {
    const answer = await enqueue(db, entry.jobs, { ...fromThenOn(entry), token: entry.token });
    rmSync(path, { force: true });
    return { sent: answer.count, problems: problemsOf(answer, entry) };
  } catch (error) {
    const failure = failureOf(db, error);
    const isItsOwn = failure instanceof RqtError ? failure.code === 'usage' || failure.code === 'data' : !isOfRedis(failure);
    return isItsOwn ? setAside(folder, name, failure instanceof Error ? failure.message : String(failure)) : 'later';
  }
}

/**
 * `--schedule-in` counts from when the job was kept, not from when it is sent. What has passed is the difference of two readings of this machine's
 * clock, so that it does not matter if that is wrong.
 */
function fromThenOn({ options, keptAt }: Entry): EnqueueOptions {
  const due = options.plan?.due;
  if (!due || !('inMs' in due) || keptAt === undefined) return options;
  const passedMs = Math.max(0, Date.now() - keptAt);
  return { ...options, plan: { ...options.plan, due: { inMs: Math.max(0, due.inMs - passedMs) } } };
}

/** Redis's own words, or the connection's; what breaks a script or the making of its arguments comes from the content of the file. */
function isOfRedis(failure: unknown): boolean {
  if (failure instanceof TypeError || failure instanceof RangeError) return false;
  return !(failure instanceof Error && failure.message.includes('user_script'));
}

/** What was refused because the same job is there is no problem for `--unique`, whose ids are made of the calls. */
function problemsOf({ unfinished, canceled }: Enqueued, { options }: Entry): string[] {
  const refused = options.isUnique ? [] : unfinished;
  return [
    ...refused.map(
      ({ id, state }) => `spooled job ${id} was not enqueued: a job of this id is still ${state} (look: rqt status ${id})`,
    ),
    ...canceled.map(
      ({ id, parent }) => `spooled job ${id} is canceled at once: its parent ${parent} ended badly (look: rqt status ${parent})`,
    ),
  ];
}

function setAside(folder: string, name: string, why: string): Outcome {
  const bad = join(folder, 'bad');
  const what = `the spooled file ${join(folder, name)} cannot be sent: ${why.replace(/\s+/g, ' ')}`;
  try {
    makeFolders(bad);
    renameSync(join(folder, name), join(bad, name));
    return { sent: 0, problems: [`${what}; it was set aside into ${bad}`] };
  } catch (error) {
    // Somebody else has set it aside, and said so.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    return { sent: 0, problems: [`${what}; nor can it be set aside: ${(error as Error).message}`] };
  }
}

import { redisNow } from '../clock.ts';
import type { Db } from '../db.ts';
import { keys } from '../keys.ts';
import { Doubts } from './doubts.ts';
import { type About, about, type Finding, type Kind, type Target, wrongType } from './finding.ts';
import { IdFilter } from './id-filter.ts';
import { type Named, readKeyName } from './key-names.ts';
import { look } from './look.ts';
import { type Mended, mend } from './mend.ts';
import { contentPages, keyPages, listKeys, listPages } from './pages.ts';
import type { Scan } from './scan.ts';

export { KINDS } from './finding.ts';

/** What is looked for. */
export interface FsckOptions {
  /** Puts right what is found. */
  readonly fix: boolean;
  /** How long what Python's RQ passes through must last to count, where a worker of its is registered. */
  readonly graceMs: number;
  readonly isWanted: (kind: Kind) => boolean;
  /** Ends it: what is being mended just then is mended and told, the rest is left alone. */
  readonly signal: AbortSignal;
}

/** What happens on the way. `looked`: keys and entries so far; `waiting`: to see what is only on its way. */
export type FsckEvent =
  | { readonly kind: 'looked'; readonly count: number }
  | { readonly kind: 'waiting'; readonly count: number; readonly forMs: number }
  | { readonly kind: 'found'; readonly finding: FsckFinding; readonly mended: Exclude<Mended, { kind: 'fine' }> | null };

/** A finding with what there is to say of its kind. */
export interface FsckFinding extends Finding {
  readonly about: About;
}

/** As mending one thing may show another: as often is looked at all again, unless nothing was mended. */
const MOST_ROUNDS = 5;

/**
 * Finds what no reader of the namespace should ever see, also in the data of Python's RQ, and puts it right if that is wanted. Everything
 * is read in pages: the memory that it takes does not depend on the number of jobs, but for 8 bytes for each that waits on a queue.
 * What is found has been seen three times, with time between the last two. Without `fix` nothing is written, and no script is run.
 */
export async function* fsck(db: Db, options: FsckOptions): AsyncGenerator<FsckEvent> {
  const left = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let mended = 0;
    for await (const event of lookOnce(db, options)) {
      if (event.kind !== 'found') {
        if (round === 0 || event.kind === 'waiting') yield event;
        continue;
      }
      if (event.mended?.kind === 'mended') mended += 1;
      const name = `${event.finding.kind} ${event.finding.key} ${event.finding.subject}`;
      if (event.mended?.kind === 'left' && left.has(name)) continue;
      if (event.mended?.kind === 'left') left.add(name);
      yield event;
    }
    if (mended === 0 || options.signal.aborted) return;
  }
}

async function* lookOnce(db: Db, options: FsckOptions): AsyncGenerator<FsckEvent> {
  const now = await redisNow(db);
  const { graceMs, isWanted, signal } = options;
  const scan: Scan = { db, prefix: db.prefix, graceMs, startedAt: now, now, filter: new IdFilter(0), isSecond: false, signal };
  const doubts = new Doubts(scan, await hasForeignWorkers(db));
  let count = 0;
  for await (const step of walk(scan)) {
    count += step.looked;
    yield { kind: 'looked', count };
    doubts.add(step.found.filter(({ kind }) => isWanted(kind)));
    if (doubts.isFull) yield* settle(doubts, db, options);
    if (signal.aborted) return;
  }
  yield* settle(doubts, db, options);
}

/** Looks again at what was found, and puts right what stayed. */
async function* settle(doubts: Doubts, db: Db, { fix, graceMs, signal }: FsckOptions): AsyncGenerator<FsckEvent> {
  for await (const step of doubts.settle()) {
    if (signal.aborted) return;
    if (step.kind === 'waiting') {
      yield step;
      continue;
    }
    const mended = fix ? await mendUnlessLost(db, step.finding, graceMs) : null;
    if (mended?.kind === 'fine') continue;
    yield { kind: 'found', finding: { ...step.finding, about: about(step.finding.kind) }, mended };
  }
}

async function mendUnlessLost(db: Db, { kind, target }: Finding, graceMs: number): Promise<Mended> {
  return kind === 'cron-damaged' ? { kind: 'left', why: about(kind).fix } : mend(db, target, graceMs);
}

interface Step {
  readonly looked: number;
  readonly found: Finding[];
}

async function* walk(scan: Scan): AsyncGenerator<Step> {
  yield* walkLists(scan);
  for await (const page of keyPages(scan)) {
    const named = page.flatMap(key => {
      const name = readKeyName(scan.prefix, key);
      return name ? [{ key, ...name }] : [];
    });
    yield await step(
      scan,
      named.flatMap(({ targets }) => targets),
    );
    for (const { key, content } of named) if (content) yield* walkContent(scan, key, content);
  }
}

/** First the lists: which ids they have is needed to tell which jobs are on none. */
async function* walkLists(scan: Scan): AsyncGenerator<Step> {
  const { db, prefix } = scan;
  const { queues, intermediates, wrong } = await listKeys(scan);
  const lengths = await Promise.all(queues.map(queue => db.client.llen(keys.queue(prefix, queue))));
  scan.filter = new IdFilter(lengths.reduce((sum, length) => sum + length, 0));
  const targets = queues.map((queue): Target => ({ area: 'name', set: 'queues', member: keys.queue(prefix, queue), id: '' }));
  const names = await step(scan, targets);
  yield { looked: names.looked, found: [...wrong, ...names.found] };
  for (const place of ['queue', 'intermediate'] as const) {
    for (const queue of place === 'queue' ? queues : intermediates) {
      const key = place === 'queue' ? keys.queue(prefix, queue) : `${keys.queue(prefix, queue)}:intermediate`;
      for await (const ids of listPages(scan, key)) {
        yield await step(
          scan,
          ids.map(id => ({ area: 'entry', place, queue, id })),
        );
      }
    }
  }
}

async function* walkContent(scan: Scan, key: string, content: NonNullable<Named['content']>): AsyncGenerator<Step> {
  try {
    for await (const targets of contentPages(scan, key, content)) yield await step(scan, targets);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('WRONGTYPE'))) throw error;
    yield { looked: 1, found: [wrongType(key, content.type, `not a ${content.type}`)] };
  }
}

async function step(scan: Scan, targets: readonly Target[]): Promise<Step> {
  return { looked: targets.length, found: await look(scan, targets) };
}

/** Whether a worker that is not rqt's is registered: its transitions take several steps. */
async function hasForeignWorkers({ client, prefix }: Db): Promise<boolean> {
  try {
    for (const worker of await client.smembers(keys.workers(prefix))) {
      const [birth, version] = await client.hmget(worker, 'birth', 'rqt_version');
      if (birth && !version) return true;
    }
    return false;
  } catch {
    // Of another type, which the walk will find: nobody knows who works here.
    return true;
  }
}

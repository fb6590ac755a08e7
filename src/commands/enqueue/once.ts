import type { Options } from '../../command.ts';
import { RqtError } from '../../errors.ts';
import { deriveJobId } from '../../parse/dedupe.ts';
import { quote } from '../../parse/quote.ts';
import { parseSlot } from '../../parse/slot.ts';
import { slotIn } from '../../parse/zone.ts';
import { type Db, type Enqueued, enqueueOncePer, type NewJob, OVERLAPS, type Overlap, redisNow } from '../../store/index.ts';
import { type Order, optionsOf } from './order.ts';

/** What `--once-per` asks for. */
export interface Once {
  readonly slotMs: number;
  readonly overlap: Overlap;
  /** Where the slots are cut; undefined: in UTC. */
  readonly zone: string | undefined;
}

/** Reads `--once-per`, `--overlap` and `--tz`. @throws RqtError, also for flags that contradict each other. */
export function readOnce(options: Options): Once | undefined {
  const text = options.text('once-per');
  const overlapText = options.text('overlap');
  if (text === undefined) {
    if (overlapText === undefined) return undefined;
    throw new RqtError(
      'usage',
      '--overlap is about the jobs of one --once-per: give that too; without slots, --unique skips a job while the same one is unfinished',
    );
  }
  if (options.flag('unique')) {
    throw new RqtError(
      'usage',
      '--once-per and --unique exclude each other: --once-per skips a job while the last one is unfinished, too',
    );
  }
  const slotMs = parseSlot(text);
  const overlap = OVERLAPS.find(name => name === (overlapText ?? 'skip'));
  if (!overlap) throw new RqtError('usage', `--overlap ${quote(overlapText ?? '')}: say skip, queue or replace`);
  if (overlap === 'queue' && options.has('job-id')) {
    throw new RqtError('usage', '--overlap queue lets several jobs wait and --job-id names one: leave one of them away');
  }
  if (options.has('schedule-at') && options.has('tz')) {
    throw new RqtError(
      'usage',
      '--tz would be the zone of --schedule-at and of --once-per: put an offset behind the time instead, such as +02:00',
    );
  }
  const zone = options.text('tz');
  // A wrong zone is told before anything else happens.
  if (zone !== undefined) slotIn(zone, Date.now(), slotMs);
  return { slotMs, overlap, zone };
}

/**
 * Enqueues a job unless its slot has one: then `held` is that one. With `--job-id` and `--overlap replace` it waits until the running job
 * of this id has stopped.
 */
export async function enqueueOnce(
  db: Db,
  job: NewJob,
  order: Order,
  { slotMs, overlap, zone }: Once,
): Promise<Enqueued | { readonly kind: 'held'; readonly id: string; readonly state: string | null }> {
  const key = order.jobId === undefined ? `call:${deriveJobId(order.queue, job.call)}` : `id:${order.jobId}`;
  for (;;) {
    const slot = zone === undefined ? undefined : slotIn(zone, await redisNow(db), slotMs);
    const answer = await enqueueOncePer(db, job, { ...optionsOf(order), once: { key, slotMs, overlap, slot } });
    if (answer.kind === 'enqueued' || answer.kind === 'held') return answer;
    if (answer.kind !== 'stopping') continue;
    const { followStop } = await import('../shared/stopping.ts');
    await followStop(db, job.id, answer, { waits: true, tells: !order.quiet && !order.json });
  }
}

import { redisNow } from '../clock.ts';
import { encodeCall, encodeError } from '../codec.ts';
import type { Db } from '../db.ts';
import { keys } from '../keys.ts';
import cron from '../lua/cron.lua';
import mendCallback from '../lua/mend_callback.lua';
import mendCron from '../lua/mend_cron.lua';
import mendDeferred from '../lua/mend_deferred.lua';
import mendEntry from '../lua/mend_entry.lua';
import mendJob from '../lua/mend_job.lua';
import mendLease from '../lua/mend_lease.lua';
import mendName from '../lua/mend_name.lua';
import mendOwned from '../lua/mend_owned.lua';
import mendType from '../lua/mend_type.lua';
import mending from '../lua/mending.lua';
import { crashTerms } from '../maintain.ts';
import { releaseAll } from '../release.ts';
import { LOSING, OVERLAP, runScript } from '../scripts.ts';
import type { Target } from './finding.ts';
import { nextSlotOf } from './look-cron.ts';
import { UNSWEPT_GRACES } from './look-entries.ts';

/** What became of a finding: mended, gone by itself meanwhile, or left as it is and why. */
export type Mended =
  | { readonly kind: 'mended'; readonly done: string }
  | { readonly kind: 'fine' }
  | { readonly kind: 'left'; readonly why: string };

/** Puts one thing right in one atomic step, which looks once more at how it stands. */
export async function mend(db: Db, target: Target, graceMs: number): Promise<Mended> {
  try {
    return await attempt(db, target, graceMs);
  } catch (error) {
    // What it should touch is of another type after all: nothing was done, as the scripts look before they begin.
    if (error instanceof Error && /WRONGTYPE/.test(error.message))
      return { kind: 'left', why: 'a key that it needs holds something else (see wrong-type)' };
    throw error;
  }
}

async function attempt(db: Db, target: Target, graceMs: number): Promise<Mended> {
  for (;;) {
    if (target.area === 'cron') return mendEntryOfCron(db, target.name);
    const script = scriptFor(target, graceMs);
    if (script === 'release') {
      await releaseAll(db);
      return { kind: 'mended', done: 'told them' };
    }
    const [tag, text] = await runScript(db, { name: script.name, lua: LOSING + mending + script.lua }, script.args);
    if (tag === 'fine') return { kind: 'fine' };
    if (tag === 'blocked') return { kind: 'left', why: `${text} holds something of another type (see wrong-type)` };
    if (tag === 'mended') return { kind: 'mended', done: String(text) };
  }
}

/** Its next slot is found here and applied only if the entry is still the one that it was found for. */
async function mendEntryOfCron(db: Db, name: string): Promise<Mended> {
  const [expression = null, zone = null] = await db.client.hmget(keys.cronEntry(db.prefix, name), 'expression', 'zone');
  const next = nextSlotOf({ expression, zone }, await redisNow(db));
  const script = { name: 'mendCron', lua: OVERLAP + cron + mendCron };
  const [tag, text] = await runScript(db, script, [name, expression ?? '', zone ?? '', next ?? '']);
  return tag === 'mended' ? { kind: 'mended', done: String(text) } : { kind: 'fine' };
}

function scriptFor(target: Exclude<Target, { area: 'cron' }>, graceMs: number) {
  switch (target.area) {
    case 'entry': {
      const overdueSeconds = Math.ceil((UNSWEPT_GRACES * graceMs) / 1000);
      return {
        name: 'mendEntry',
        lua: mendEntry,
        args: [target.place, target.queue, target.id, ...crashTerms(), overdueSeconds],
      };
    }
    case 'job':
      return { name: 'mendJob', lua: mendJob, args: [target.id, ...crashTerms(), LOST, STAND_IN] };
    case 'lease':
      return { name: 'mendLease', lua: mendLease, args: [target.queue, target.id, target.execution, ...crashTerms()] };
    case 'execution':
      return { name: 'mendLease', lua: mendLease, args: ['', target.id, target.execution, ...crashTerms()] };
    case 'deferred':
      return { name: 'mendDeferred', lua: mendDeferred, args: [target.id, target.queue] };
    case 'owned':
      return { name: 'mendOwned', lua: mendOwned, args: [target.owned, target.id] };
    case 'name':
      return { name: 'mendName', lua: mendName, args: [target.set, target.member, target.id] };
    case 'callback':
      return { name: 'mendCallback', lua: mendCallback, args: [target.queue, target.id] };
    case 'release':
      return 'release';
    case 'type':
      return { name: 'mendType', lua: mendType, args: [target.key, target.expected] };
  }
}

const LOST = encodeError(
  'The job cannot be run: rqt fsck found its hash without a payload, a state or a queue that it could be run with, and no trace of which they were. Enqueue it again.',
);

/** A payload that RQ can read, for a job that has lost its own. */
const STAND_IN = encodeCall({ task: 'lost#payload', args: [], kwargs: {} });

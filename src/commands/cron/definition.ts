import type { CommandLine, Options } from '../../command.ts';
import { CATCH_UPS, DEFAULT_CATCH_UP, DEFAULT_OVERLAP, type GivenFlag, OVERLAPS } from '../../cron-entry.ts';
import { RqtError } from '../../errors.ts';
import { describeCall } from '../../parse/describe.ts';
import { parseCronName } from '../../parse/names.ts';
import { oneOfThese, quote } from '../../parse/quote.ts';
import { expandRetry } from '../../parse/retry.ts';
import { parseTimetable, tidyExpression } from '../../parse/timetable.ts';
import { localZone, parseZone } from '../../parse/zone.ts';
import type { CronDefinition } from '../../store/cron/index.ts';
import { optionsOf, readOrder } from '../enqueue/order.ts';
import { JOB_OPTIONS } from './options.ts';

/** An entry as it was written: its name, its expression, and what `rqt enqueue` takes for its jobs. */
export interface WrittenEntry extends CommandLine {
  readonly name: string;
  readonly expression: string;
}

/**
 * Reads an entry, to its last argument. `now` is Redis's clock; `zone` the one of an entry that names none.
 * @throws RqtError for anything wrong with it; `data` for an expression that is wrong or can never come true.
 */
export async function readDefinition(written: WrittenEntry, now: number, zone = localZone()): Promise<CronDefinition> {
  const { options, words, plainWords } = written;
  const name = parseCronName(written.name);
  const tz = options.text('tz');
  const common = {
    name,
    expression: tidyExpression(written.expression),
    zone: tz === undefined ? zone : parseZone(tz, '--tz'),
    catchUp: readOneOf(CATCH_UPS, options.text('catch-up') ?? DEFAULT_CATCH_UP, '--catch-up'),
    overlap: readOneOf(OVERLAPS, options.text('overlap') ?? DEFAULT_OVERLAP, '--overlap'),
  };
  const nextSlot = parseTimetable(common.expression, common.zone).nextAfter(now);
  if (nextSlot === null) throw new RqtError('data', `cron expression ${quote(common.expression)} has no slot any more`);
  const order = await readOrder({ words, plainWords, options: options.without('tz', 'catch-up', 'overlap') });
  const jitter = order.plansDiffer ? await readJitter(options) : null;
  const enqueueOptions = optionsOf(order);
  return {
    ...common,
    call: order.call,
    description: order.description ?? describeCall(order.call),
    // Without chance, so that what is the same is seen to be: each job varies its own.
    options: jitter
      ? { ...enqueueOptions, plan: { ...enqueueOptions.plan, retry: expandRetry({ ...jitter, jitter: false }) } }
      : enqueueOptions,
    jitter,
    flags: givenFlags(options),
    nextSlot,
  };
}

function readOneOf<T extends string>(known: readonly T[], text: string, flag: string): T {
  const found = known.find(one => one === text);
  if (found === undefined) throw new RqtError('usage', `${flag} ${quote(text)}: say ${oneOfThese(known)}`);
  return found;
}

async function readJitter(options: Options) {
  const { readRetry } = await import('../enqueue/plan.ts');
  return readRetry(options);
}

/** The flags of its jobs that were typed, in the order of help. */
function givenFlags(options: Options): GivenFlag[] {
  return JOB_OPTIONS.filter(({ name }) => options.has(name)).flatMap(({ name, type }): GivenFlag[] => {
    if (type === 'boolean') return [[name, null]];
    return type === 'list' ? options.list(name).map(value => [name, value]) : [[name, options.text(name) ?? '']];
  });
}

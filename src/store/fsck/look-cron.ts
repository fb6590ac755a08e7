import { parseTimetable } from '../../parse/timetable.ts';
import { keys } from '../keys.ts';
import { askEach, fieldsOf, numberOf, WRONG_TYPE } from './ask.ts';
import { type Finding, type Kind, wrongType } from './finding.ts';
import type { Look } from './scan.ts';

/** What an entry consists of (cron.lua), as far as it could not be fired without. */
const FIELDS = ['expression', 'zone', 'queue', 'data', 'fields', 'paused', 'next'] as const;

type Fields = Readonly<Record<(typeof FIELDS)[number], string | null>>;

/** Entries of `rqt cron`: can they be fired, and does the timetable have them for their next slot? */
export const lookAtCron: Look<'cron'> = async ({ db, prefix }, targets) => {
  const asked = await askEach(db, targets, ({ name }) => [
    ['hmget', keys.cronEntry(prefix, name), ...FIELDS],
    ['zscore', keys.cron(prefix), name],
  ]);
  return asked.flatMap(({ item: target, replies: [hash, score] }): Finding[] => {
    const key = keys.cronEntry(prefix, target.name);
    if (hash === WRONG_TYPE) return [wrongType(key, 'hash', 'not a hash')];
    const values = fieldsOf(hash);
    const fields = Object.fromEntries(FIELDS.map((name, i) => [name, values[i] ?? null])) as Fields;
    const found = judge(fields, score === WRONG_TYPE ? undefined : numberOf(score));
    if (!found) return [];
    return [{ ...found, subject: target.name, queue: fields.queue, key, mark: `${found.detail} ${values} ${score}`, target }];
  });
};

/** `score`: null when the timetable does not have it, undefined when that is not known. */
function judge(fields: Fields, score: number | null | undefined): { kind: Kind; detail: string } | null {
  if (Object.values(fields).every(value => value === null))
    return score === null || score === undefined
      ? null
      : { kind: 'cron-unlisted', detail: 'in the timetable, but there is no such entry' };
  const flaws = flawsOf(fields);
  if (flaws.length > 0) return { kind: 'cron-damaged', detail: `its ${flaws.join(', ')} cannot be read` };
  if (score === undefined) return null;
  if (score === null) return { kind: 'cron-unlisted', detail: 'not in the timetable: it never fires' };
  const next = fields.next === '' || fields.next === null ? Number.POSITIVE_INFINITY : Number(fields.next);
  const isLost = fields.paused !== '1' && !Number.isFinite(next) && nextSlotOf(fields, Date.now()) !== null;
  return score === next && !isLost
    ? null
    : { kind: 'cron-unlisted', detail: 'the timetable has it at another time than it has itself' };
}

function flawsOf({ expression, zone, queue, data, fields }: Fields): string[] {
  const flaws: string[] = [];
  if (nextSlotOf({ expression, zone }, Date.now()) === undefined) flaws.push('expression or zone');
  if (!queue) flaws.push('queue');
  if (!data) flaws.push('data');
  if (!isListOfTexts(fields)) flaws.push('fields');
  return flaws;
}

/** The next slot after a time, null when there is none any more, undefined when that cannot be told. Epoch milliseconds. */
export function nextSlotOf(
  { expression, zone }: { readonly expression: string | null; readonly zone: string | null },
  nowMs: number,
): number | null | undefined {
  try {
    return parseTimetable(expression ?? '', zone ?? '').nextAfter(nowMs);
  } catch {
    return undefined;
  }
}

function isListOfTexts(json: string | null): boolean {
  try {
    const list: unknown = JSON.parse(json ?? '');
    return (
      Array.isArray(list) && list.length % 2 === 0 && list.every(item => typeof item === 'string' || typeof item === 'number')
    );
  } catch {
    return false;
  }
}

import type { CronEntry } from '../../cron-entry.ts';
import { describeCall } from '../../parse/describe.ts';
import type { CronDefinition } from '../../store/cron/index.ts';

/** One thing that an entry is otherwise than before. */
export interface EntryChange {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** What is to be otherwise; empty when only the content of a file that a flag names is. */
export function changesOf(before: CronEntry, wanted: CronDefinition): EntryChange[] {
  const pairs: EntryChange[] = [
    { what: 'when', from: before.expression, to: wanted.expression },
    { what: 'zone', from: before.zone, to: wanted.zone },
    { what: 'catch-up', from: before.catchUp, to: wanted.catchUp },
    { what: 'overlap', from: before.overlap, to: wanted.overlap },
    { what: 'call', from: before.call ? describeCall(before.call) : '?', to: describeCall(wanted.call) },
    { what: 'flags', from: flagsOf(before), to: flagsOf(wanted) },
  ];
  return pairs.filter(({ from, to }) => from !== to);
}

function flagsOf({ flags }: Pick<CronEntry, 'flags'>): string {
  return flags.map(([name, value]) => (value === null ? `--${name}` : `--${name} ${value}`)).join(' ');
}

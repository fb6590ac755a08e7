import { RqtError } from '../errors.ts';
import type { FileSettings } from './parse-file.ts';
import { type Entries, type Given, type SectionName, type Setting, type SettingValue, sourceText } from './setting.ts';

/** Everything that was said, before it is decided what holds. */
export interface Said {
  /** By the names of options, those that are no settings included: what is typed may make a setting idle. */
  readonly typed: Entries;
  readonly variables: Entries;
  /** The nearest first. */
  readonly files: readonly FileSettings[];
}

/** What holds for a command: what is {@link gather gathered}, but for what says nothing without another option that is not given. */
export function resolve(
  settings: readonly Setting[],
  said: Said,
  section: SectionName,
  queue: string | null,
): Map<string, Given> {
  return withoutIdle(gather(settings, said, section, queue), settings);
}

/**
 * What is said for a command, by name: of flags, variables and files the nearest that says something, in this order; of two files the
 * nearest; in a file first the queue's section, then the command's, then the top. Settings that nobody gave are absent.
 *
 * A setting gives way to one that is nearer and says otherwise (its rivals).
 *
 * @param queue the queue of the job to be enqueued, or null
 * @throws RqtError `config` for rivals that are given in one place.
 */
export function gather(settings: readonly Setting[], said: Said, section: SectionName, queue: string | null): Map<string, Given> {
  const held = new Map<string, Given>(said.typed);
  for (const layer of layersOf(said, section, queue)) {
    const nearer = new Map(held);
    for (const setting of settings) {
      const given = layer.get(setting.name);
      if (!given || held.has(setting.name)) continue;
      if (setting.rivals.some(rival => speaks(nearer.get(rival)?.value))) continue;
      const rival = setting.rivals.find(name => speaks(held.get(name)?.value));
      if (rival !== undefined && speaks(given.value)) throw refuseRivals(setting.name, rival, given);
      held.set(setting.name, given);
    }
  }
  return held;
}

function layersOf({ variables, files }: Said, section: SectionName, queue: string | null): Entries[] {
  const none: Entries = new Map();
  return [
    variables,
    ...files.flatMap(file => [
      (queue === null ? undefined : file.queues.get(queue)) ?? none,
      section === 'rqt' ? none : file[section],
      file.top,
    ]),
  ];
}

/** A flag that was turned off says nothing. */
function speaks(value: SettingValue | undefined): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

function withoutIdle(held: Map<string, Given>, settings: readonly Setting[]): Map<string, Given> {
  const isIdle = ({ name, needs }: Setting) =>
    needs.length > 0 && held.get(name)?.source.kind !== 'flag' && !needs.some(need => speaks(held.get(need)?.value));
  for (let idle: Setting | undefined; ; ) {
    idle = settings.find(setting => held.has(setting.name) && isIdle(setting));
    if (!idle) return held;
    held.delete(idle.name);
  }
}

function refuseRivals(name: string, rival: string, { source }: Given): RqtError {
  return new RqtError('config', `${sourceText(source)}: ${name} and ${rival} exclude each other: leave one of them away`);
}

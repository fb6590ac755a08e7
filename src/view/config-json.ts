import type { ListedSetting, Listing } from '../config/list.ts';
import type { SettingValue } from '../config/setting.ts';

/**
 * `rqt config --json`: a plain object, version 1. `files` are those that were read, the nearest first. A `value` is a text, a boolean,
 * a list of texts, or null for none; `queue` is null but for a queue's own settings; `source.line` is null where there is none.
 */
export function configDocument({ files, settings }: Listing) {
  return {
    version: 1,
    kind: 'config',
    files,
    settings: settings.map(fieldsOf),
  };
}

/** `rqt config KEY --json`: one of these settings, version 1. */
export function settingDocument(setting: ListedSetting) {
  return { version: 1, kind: 'setting', ...fieldsOf(setting) };
}

function fieldsOf({ key, section, queue, name, value, source }: ListedSetting) {
  return { key, section, queue, name, value, source: { kind: source.kind, name: source.name, line: source.line ?? null } };
}

/** A value as text; a list's parts with `separator` between them. */
export function valueText(value: SettingValue | null, separator = ' '): string {
  if (value === null) return '';
  return typeof value === 'object' ? value.join(separator) : String(value);
}

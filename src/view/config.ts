import type { ListedSetting, Listing } from '../config/list.ts';
import { sourceText } from '../config/setting.ts';
import { valueText } from './config-json.ts';
import type { Look } from './look.ts';
import { safeLine } from './safe.ts';
import { renderTable } from './table.ts';

/** The table of `rqt config`: key, value, where it comes from; what is only a default is dim. */
export function renderConfig({ settings }: Listing, look: Look): string {
  const flex = { comfortWidth: 40, leastWidth: 8 };
  const columns = [{ title: 'setting' }, { title: 'value', flex }, { title: 'from', flex }];
  return renderTable({ columns, rows: settings.map(setting => rowOf(setting, look)) }, look);
}

function rowOf(setting: ListedSetting, look: Look) {
  const paint = setting.source.kind === 'default' ? { paint: look.colour.dim } : {};
  return [setting.key, valueText(setting.value) || '-', sourceText(setting.source)].map(text => ({
    text: safeLine(text),
    ...paint,
  }));
}

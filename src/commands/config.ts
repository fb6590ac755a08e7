import type { Command, CommandLine } from '../command.ts';
import { filesFor, type Typed } from '../config/configure.ts';
import { type ListedSetting, type Listing, listConfiguration } from '../config/list.ts';
import { EXIT_STATUS, RqtError } from '../errors.ts';
import { nearest } from '../parse/nearest.ts';
import { quote } from '../parse/quote.ts';
import { configDocument, settingDocument, valueText } from '../view/config-json.ts';
import { safeJson } from '../view/safe.ts';
import { print } from './shared/io.ts';

export const command: Command = {
  name: 'config',
  synopsis: '[key]',
  summary: 'show every setting, its value and where it comes from',
  words: { min: 0, max: 1 },
  readsOwnConfiguration: true,
  options: [{ name: 'json', type: 'boolean', describe: 'one JSON document' }],
  epilogue: [
    'With a key, such as namespace, enqueue.timeout or queues.reports.timeout: its value alone; 1 if it has none.',
    'Flags go first, then RQT_ variables (RQT_RESULT_TTL), then rqt.toml (nearest upwards), then ~/.config/rqt/rqt.toml, then defaults.',
  ].join('\n'),
  run,
};

async function run({ words: [key], options }: CommandLine): Promise<number> {
  const typed: Typed = { command: 'config', values: options.words };
  const listing = listConfiguration(typed, process.env, filesFor(typed, process.env));
  if (key !== undefined) return show(find(key, listing), options.flag('json'));
  if (options.flag('json')) print(safeJson(configDocument(listing)));
  else {
    const [{ renderConfig }, { lookOf }] = await Promise.all([import('../view/config.ts'), import('../view/look.ts')]);
    print(renderConfig(listing, lookOf(process.stdout, process.env, Date.now())));
  }
  return 0;
}

function show(setting: ListedSetting, asJson: boolean): number {
  if (asJson) print(safeJson(settingDocument(setting)));
  else if (setting.value !== null) print(valueText(setting.value, '\n'));
  return setting.value === null ? EXIT_STATUS.no : 0;
}

/** By its whole key, or by its name alone where one section has it. */
function find(key: string, { settings, ofQueue }: Listing): ListedSetting {
  const exact = settings.find(setting => setting.key === key);
  if (exact) return exact;
  const [, queue = '', name = ''] = /^queues\.(.+)\.([^.]+)$/.exec(key) ?? [];
  const ofItsQueue = ofQueue(queue.replace(/^(["'])(.*)\1$/, '$2'), name);
  if (ofItsQueue) return ofItsQueue;
  const sameName = settings.filter(setting => setting.name === key && setting.queue === null);
  if (sameName.length === 1 && sameName[0]) return sameName[0];
  if (sameName.length > 1)
    throw new RqtError('usage', `there is more than one ${key}: say ${sameName.map(setting => setting.key).join(' or ')}`);
  const near = nearest(
    key,
    settings.flatMap(setting => [setting.key, setting.name]),
  );
  throw new RqtError(
    'usage',
    `there is no setting ${quote(key)}${near === null ? '' : `; did you mean ${near}?`} (see rqt config)`,
  );
}

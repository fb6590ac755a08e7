import { dirname, resolve } from 'node:path';
import { RqtError } from '../errors.ts';
import type { Setting, SettingValue } from './setting.ts';

/** A value of a file as its setting wants it, checked. `where` begins the line of a refusal, `path` is the file. @throws RqtError `config`. */
export function valueOfFile(setting: Setting, raw: unknown, where: string, path: string): SettingValue {
  const { name, kind, isPath } = setting;
  if (kind === 'boolean') {
    if (typeof raw === 'boolean') return raw;
    throw new RqtError('config', `${where} ${name} is true or false`);
  }
  const list = kind === 'list' && Array.isArray(raw) ? raw : [raw];
  const texts = list.map(item => {
    if (typeof item === 'string' || typeof item === 'number' || typeof item === 'bigint') return String(item);
    throw new RqtError('config', `${where} ${name} is a text${kind === 'list' ? ', or a list of them' : ' or a number'}`);
  });
  for (const text of texts) check(setting, text, where);
  const placed = isPath ? texts.map(text => resolve(dirname(path), text)) : texts;
  return kind === 'list' ? placed : (placed[0] ?? '');
}

/** The value of a variable, checked. @throws RqtError `config`. */
export function valueOfVariable(setting: Setting, text: string, variable: string): SettingValue {
  if (setting.kind === 'boolean') {
    if (/^(1|true|yes|on)$/i.test(text)) return true;
    if (/^(0|false|no|off)$/i.test(text)) return false;
    throw new RqtError('config', `${variable}: say 1 or 0`);
  }
  const texts = setting.kind === 'list' && setting.isPath ? text.split(':').filter(part => part !== '') : [text];
  for (const part of texts) check(setting, part, `${variable}:`);
  return setting.kind === 'list' ? texts : (texts[0] ?? '');
}

/** What a flag would refuse as bad usage is bad configuration here. */
function check(setting: Setting, text: string, where: string): void {
  try {
    setting.check(text, setting.name);
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
    throw new RqtError('config', `${where} ${error.message}`, { cause: error });
  }
}

import { readConfig, socketPath } from '../config.ts';
import { maskUrl, socketUrl } from '../redis-url.ts';
import type { Typed } from './configure.ts';
import type { ConfigFile } from './find.ts';
import { readFiles, readSaid } from './read.ts';
import { gather, type Said } from './resolve.ts';
import type { Given, SectionName, Setting, SettingValue, Source } from './setting.ts';
import { SETTINGS, settingsOf } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A setting as it holds now. Passwords are masked. */
export interface ListedSetting {
  /** How to ask for it: `namespace`, `enqueue.timeout`, `queues.reports.timeout`. */
  readonly key: string;
  readonly name: string;
  readonly section: SectionName;
  /** Of a queue's own setting. */
  readonly queue: string | null;
  /** null: nobody said anything, and there is no default. */
  readonly value: SettingValue | null;
  readonly source: Source;
}

/** The configuration as it holds for these variables and files. */
export interface Listing {
  readonly files: readonly string[];
  readonly settings: readonly ListedSetting[];
  /** A setting as an enqueue on this queue gets it, whether or not the queue has a section. */
  readonly ofQueue: (queue: string, name: string) => ListedSetting | null;
}

/** Lists every setting: those of all commands, of enqueue, of the queues that have a section, of the worker. @throws RqtError `config`. */
export function listConfiguration(typed: Typed, env: Env, files: readonly ConfigFile[]): Listing {
  const read = readFiles(files);
  const said = (command: string) => readSaid({ ...typed, command }, env, read);
  const ofQueue = (queue: string, name: string) => {
    const setting = SETTINGS.find(candidate => candidate.perQueue && candidate.name === name);
    return setting
      ? listed(setting, gather(settingsOf('enqueue'), said('enqueue'), 'enqueue', queue).get(name), queue, env)
      : null;
  };
  const queues = new Map(read.flatMap(file => [...file.queues]).map(([name]) => [name, namesSetFor(name, said('enqueue'))]));
  return {
    files: files.map(({ path }) => path),
    settings: [
      ...listSection('rqt', said('config'), env),
      ...listSection('enqueue', said('enqueue'), env),
      ...[...queues].flatMap(([queue, names]) => names.flatMap(name => ofQueue(queue, name) ?? [])),
      ...listSection('worker', said('worker'), env),
    ],
    ofQueue,
  };
}

function listSection(section: SectionName, said: Said, env: Env): ListedSetting[] {
  const held = gather(SETTINGS.filter(isIn('rqt', section)), said, section, null);
  return SETTINGS.filter(isIn(section)).map(setting => listed(setting, held.get(setting.name), null, env));
}

function isIn(...sections: readonly SectionName[]): (setting: Setting) => boolean {
  return ({ section }) => sections.includes(section);
}

function namesSetFor(queue: string, { files }: Said): string[] {
  return SETTINGS.filter(({ name, perQueue }) => perQueue && files.some(file => file.queues.get(queue)?.has(name))).map(
    ({ name }) => name,
  );
}

function listed(setting: Setting, given: Given | undefined, queue: string | null, env: Env): ListedSetting {
  const { name, section } = setting;
  const place = queue === null ? (section === 'rqt' ? [] : [section]) : ['queues', asKey(queue)];
  return {
    key: [...place, name].join('.'),
    name,
    section,
    queue,
    value: given ? shown(setting, given.value) : defaultOf(setting, env),
    source: given?.source ?? { kind: 'default', name: 'default' },
  };
}

/** A queue's name as TOML writes it in a key. */
function asKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

function shown({ name }: Setting, value: SettingValue): SettingValue {
  return name === 'url' && typeof value === 'string' ? maskUrl(value) : value;
}

function defaultOf({ name, kind, otherwise }: Setting, env: Env): SettingValue | null {
  if (name === 'home' || name === 'url') return ofPrivateServer(name, env);
  if (kind === 'boolean') return otherwise === 'true';
  if (otherwise === '') return null;
  return kind === 'list' ? otherwise.split(' ') : otherwise;
}

/** Where the private server lives and listens; null where it has no place. */
function ofPrivateServer(name: 'home' | 'url', { HOME, XDG_STATE_HOME, RQT_HOME }: Env): string | null {
  try {
    const { redis } = readConfig({ HOME, XDG_STATE_HOME, RQT_HOME });
    if (redis.kind !== 'private') return null;
    return name === 'home' ? redis.home : socketUrl(socketPath(redis.home));
  } catch {
    return null;
  }
}

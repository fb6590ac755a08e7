import { parse, TomlError } from 'smol-toml';
import { RqtError } from '../errors.ts';
import { parseQueueName } from '../parse/names.ts';
import { nearest } from '../parse/nearest.ts';
import { escapeUnprintable, quote } from '../parse/quote.ts';
import { maskUrl } from '../redis-url.ts';
import { findLine, findSection } from './lines.ts';
import { type Entries, type Given, type Setting, sourceText } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { valueOfFile } from './value.ts';

/** What a file says, checked. */
export interface FileSettings {
  readonly path: string;
  /** At its top: for every command that has the setting. */
  readonly top: Entries;
  readonly enqueue: Entries;
  readonly worker: Entries;
  /** By the names of queues. */
  readonly queues: ReadonlyMap<string, Entries>;
}

type Table = Readonly<Record<string, unknown>>;

/** A part of the file: the names of its section, and which settings it may have. */
interface Part {
  readonly text: string;
  readonly path: string;
  readonly section: readonly string[];
  readonly allows: (setting: Setting) => boolean;
}

/** Reads the text of a configuration file. @throws RqtError `config`: one line with file, line (where it is known) and key. */
export function parseConfigFile(text: string, path: string): FileSettings {
  const { queues = {}, enqueue = {}, worker = {}, ...top } = parseToml(text, path);
  const part = (section: readonly string[], allows: Part['allows']): Part => ({ text, path, section, allows });
  return {
    path,
    top: readPart(
      top,
      part([], () => true),
    ),
    enqueue: readPart(
      enqueue,
      part(['enqueue'], ({ section }) => section === 'enqueue'),
    ),
    worker: readPart(
      worker,
      part(['worker'], ({ section }) => section === 'worker'),
    ),
    queues: new Map(
      Object.entries(
        asTable(
          queues,
          part(['queues'], () => false),
        ),
      ).map(([name, table]) => {
        const queue = part(['queues', name], ({ perQueue }) => perQueue);
        refuseQueueName(name, queue);
        return [name, readPart(table, queue)];
      }),
    ),
  };
}

function parseToml(text: string, path: string): Table {
  try {
    return parse(text, { maxDepth: 20, integersAsBigInt: true });
  } catch (error) {
    const { message } = error as Error;
    // The library shows the line as well, and that may hold a password.
    const problem = message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    const line = error instanceof TomlError ? error.line : null;
    throw new RqtError('config', `${where(path, line)}: it is not TOML: ${escapeUnprintable(problem)}`);
  }
}

function readPart(value: unknown, part: Part): Entries {
  const { text, path, section, allows } = part;
  const entries = new Map<string, Given>();
  for (const [key, raw] of Object.entries(asTable(value, part))) {
    const line = findLine(text, section, key) ?? findSection(text, [...section, key]);
    const source = { kind: 'file', name: path, line } as const;
    const settings = SETTINGS.filter(setting => setting.name === key && allows(setting));
    const begin = `${escapeUnprintable(sourceText(source))}:${inBrackets(section)}`;
    if (settings.length === 0) throw new RqtError('config', `${begin} ${unknownKey(key, part, raw)} (see rqt config)`);
    for (const setting of settings) entries.set(key, { value: valueOfFile(setting, raw, begin, path), source });
  }
  return entries;
}

function asTable(value: unknown, { text, path, section }: Part): Table {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
  if (isTable) return value as Table;
  const line = section.length === 1 ? findLine(text, [], section[0] ?? '') : findSection(text, section);
  const name = section.map(shown).join('.');
  throw new RqtError('config', `${where(path, line)}: ${name} is a section: write [${name}] on a line of its own`);
}

function refuseQueueName(name: string, { text, path, section }: Part): void {
  try {
    parseQueueName(name);
  } catch (error) {
    if (!(error instanceof RqtError)) throw error;
    throw new RqtError('config', `${where(path, findSection(text, section))}: ${error.message}`);
  }
}

/** What is wrong with a key that has no place here, and what is right. */
function unknownKey(key: string, { section, allows }: Part, raw: unknown): string {
  const elsewhere = SETTINGS.filter(({ name }) => name === key);
  if (elsewhere.length > 0) return `${shown(key)} has no place here: it belongs ${placesOf(elsewhere)}`;
  const known = SETTINGS.filter(allows).map(({ name }) => name);
  const isTop = section.length === 0;
  const isSection = isTop && typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  const near = nearest(key.replaceAll('_', '-'), isTop ? [...known, ...SECTIONS] : known);
  const hint = near === null ? '' : `; did you mean ${near}?`;
  return `there is no ${isSection ? 'section' : 'setting'} ${shown(key)}${hint}`;
}

const SECTIONS = ['queues', 'enqueue', 'worker'];

function placesOf(settings: readonly Setting[]): string {
  const places = settings.flatMap(({ section, perQueue }) =>
    section === 'rqt' ? ['at the top of the file'] : [`in [${section}]`, ...(perQueue ? ['in [queues.NAME]'] : [])],
  );
  return places.join(' or ');
}

function inBrackets(section: readonly string[]): string {
  return section.length === 0 ? '' : ` [${section.map(shown).join('.')}]`;
}

function where(path: string, line: number | null): string {
  return escapeUnprintable(sourceText({ kind: 'file', name: path, line }));
}

/** A name as the file has it: bare, or in quotes. A whole URL that stands where a key should has a password like any other. */
function shown(name: string): string {
  return /^[A-Za-z0-9_-]{1,60}$/.test(name) ? name : quote(maskUrl(name));
}

import { showJson } from '../parse/exact-json.ts';

/**
 * Text from jobs is hostile: a name, an error or a line of output may hold escape sequences that move the cursor, rename
 * the window or turn text around. Whatever comes out of Redis or a task passes through here before a terminal sees it.
 */

/** One line: every control character, escape and bidi override is shown as `\n`, `\x1b`, `\u202e`. For names and fields. */
export function safeLine(text: string): string {
  return text.replace(HOSTILE, shown);
}

/**
 * The lines of a longer text: escape sequences are removed (colours stay when `keepColours`, ended on each line), other
 * control characters shown, line feeds and tabs kept. A carriage return ends a line, as it would overwrite it. The empty
 * text and a last line feed give no line.
 */
export function safeLines(text: string, keepColours: boolean): string[] {
  if (text === '') return [];
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replace(/\n$/, '')
    .replace(SEQUENCE_OR_HOSTILE, (character: string, sequence: string | undefined) =>
      sequence === undefined ? keptBlank(character) : keptSequence(sequence, keepColours),
    );
  const lines = clean.split('\n');
  return keepColours ? lines.map(line => (line.includes(ESC) ? `${line}${ESC}[0m` : line)) : lines;
}

/** JSON text that is as harmless on a terminal as it is exact: what JSON.stringify leaves bare is escaped too. */
export function safeJson(value: unknown, indent?: number): string {
  return jsonText(value, indent).replace(HOSTILE, found => (found === '\n' ? found : jsonEscape(found)));
}

/** A writer of Redis may nest deeper than the stack is. */
function jsonText(value: unknown, indent: number | undefined): string {
  try {
    return showJson(value, indent);
  } catch (error) {
    if (error instanceof RangeError) return '"(nested too deeply to be shown)"';
    throw error;
  }
}

const ESC = '\u001b';

/** Control characters, line separators, marks without width that reorder or hide text, lone surrogates. */
const HOSTILE = /\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** CSI, then strings (OSC, DCS, APC, PM, SOS) up to their end or the end of the line, then any other escape. */
const SEQUENCE = `(?:${ESC}\\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:${ESC}[\\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\\n]*(?:\u0007|${ESC}\\\\|\u009c)?|${ESC}[ -/]*[0-~]?`;
const SEQUENCE_OR_HOSTILE = new RegExp(`(${SEQUENCE})|${HOSTILE.source}`, 'gu');
const COLOURS = new RegExp(`^${ESC}\\[[0-9;:]*m$`);

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function shown(character: string): string {
  return SHORT[character] ?? (character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);
}

function keptSequence(sequence: string, keepColours: boolean): string {
  return keepColours && COLOURS.test(sequence) ? sequence : '';
}

function keptBlank(character: string): string {
  return character === '\n' || character === '\t' ? character : shown(character);
}

function jsonEscape(character: string): string {
  return `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

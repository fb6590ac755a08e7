/**
 * JSON as Python's json writes and reads it: integers of any size (bigint here when a number cannot hold them all) and NaN, Infinity and
 * -Infinity. An integer of JavaScript's that is larger than 2^53 is a float and is written as one, so that it comes back as what it was.
 */

/** The value of a text. @throws SyntaxError, also for an integer of more than 4,300 digits, which Python refuses as well. */
export function readJson(text: string): unknown {
  if (!LONG_INTEGER.test(text)) {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!PYTHONS_NUMBER.test(text)) throw error;
    }
  }
  return readMarked(text);
}

/** The text of a value, undefined for what JSON has no word for. @throws TypeError for a circle. */
export function writeJson(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    // JSON.stringify writes null for what is no finite number.
    if (text === undefined || !(LONG_INTEGER.test(text) || (text.includes('null') && holdsNonFinite(value)))) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return writeMarked(value, exactly);
}

/** As {@link writeJson}, and what a pickle may hold beyond JSON: bytes as base64, sets as arrays, Maps as arrays of pairs. */
export function writePlainJson(value: unknown): string {
  return writeMarked(value, (item, original, bare) => exactly(plainly(item, original), original, bare)) ?? 'null';
}

/** As {@link writePlainJson}, for readers that know JSON only: what is no finite number is a text, such as "NaN". */
export function showJson(value: unknown, indent?: number): string {
  const show: Replacement = (item, original, bare) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : exactly(plainly(item, original), original, bare);
  return writeMarked(value, show, indent) ?? 'null';
}

/** Sixteen digits may be more than 2^53. Those of a fraction or of a text do not follow any of these. */
const LONG_INTEGER = /(?:^|[[,:\s])-?\d{16}/;
const PYTHONS_NUMBER = /NaN|Infinity/;
/** Python reads and writes no longer integer. */
export const MAX_DIGITS = 4300;

/** What JSON.parse would not read as it is, is put into texts with a mark that no text can have foreseen, and taken out again. */
function readMarked(text: string): unknown {
  const mark = crypto.randomUUID();
  return unmark(JSON.parse(markNumbers(text, mark)), mark);
}

const TOKEN = /"|-?(?:\d[\d.eE+-]*|Infinity)|NaN/g;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

function markNumbers(text: string, mark: string): string {
  const parts: string[] = [];
  let from = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const [token] = found;
    if (token === '"') {
      TOKEN.lastIndex = endOfText(text, found.index);
    } else if (token.endsWith('N') || token.endsWith('y') || isLarge(token)) {
      parts.push(text.slice(from, found.index), `"${mark}${token}"`);
      from = TOKEN.lastIndex;
    }
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function isLarge(token: string): boolean {
  if (token.length < 16 || !INTEGER.test(token) || Number.isSafeInteger(Number(token))) return false;
  if (token.replace('-', '').length > MAX_DIGITS) throw new SyntaxError(`an integer of more than ${MAX_DIGITS} digits`);
  return true;
}

/** The index behind the closing quote; a text without one is left to JSON.parse to refuse. */
function endOfText(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = at - 1;
    while (text[slashes] === '\\') slashes -= 1;
    if ((at - slashes) % 2 === 1) return at + 1;
  }
  return text.length;
}

/** Without recursion: whatever JSON.parse has read is walked through. */
function unmark(root: unknown, mark: string): unknown {
  const holder = { root };
  const open: Record<string, unknown>[] = [holder];
  for (let container = open.pop(); container; container = open.pop()) {
    for (const key of Object.keys(container)) {
      if (key.startsWith(mark)) throw new SyntaxError('a number for a key');
      const item = container[key];
      if (typeof item === 'string' && item.startsWith(mark)) setOwn(container, key, numberOf(item.slice(mark.length)));
      else if (typeof item === 'object' && item !== null) open.push(item as Record<string, unknown>);
    }
  }
  return holder.root;
}

/** Even when the key is `__proto__`. */
function setOwn(container: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

function numberOf(token: string): number | bigint {
  return INTEGER.test(token) ? BigInt(token) : Number(token);
}

/** What to write for an item; `original` is what it was before its toJSON, `bare` what to return for it to be written without quotes. */
type Replacement = (item: unknown, original: unknown, bare: (text: string) => string) => unknown;

function exactly(item: unknown, _original: unknown, bare: (text: string) => string): unknown {
  if (typeof item === 'bigint') return bare(String(item));
  if (typeof item !== 'number') return item;
  if (Number.isSafeInteger(item)) return Object.is(item, -0) ? bare('-0.0') : item;
  if (!Number.isFinite(item)) return bare(String(item));
  return Number.isInteger(item) ? bare(item.toExponential()) : item;
}

function plainly(item: unknown, original: unknown): unknown {
  if (Buffer.isBuffer(original)) return original.toString('base64');
  return original instanceof Set || original instanceof Map ? [...original] : item;
}

function writeMarked(value: unknown, replace: Replacement, indent?: number): string | undefined {
  const mark = crypto.randomUUID();
  let isMarked = false;
  const bare = (text: string) => {
    isMarked = true;
    return mark + text;
  };
  const json = JSON.stringify(
    value,
    function (this: Record<string, unknown>, key: string, item: unknown) {
      return replace(item, this[key], bare);
    },
    indent,
  );
  return isMarked ? json?.replaceAll(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1') : json;
}

/** Looks where JSON.stringify has been and come back. What an object turns itself into is its own business. */
function holdsNonFinite(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  return Object.values(value).some(holdsNonFinite);
}

import { deflateSync, inflateSync } from 'node:zlib';
import type { Call } from '../model.ts';
import { findJsonFlaw } from '../parse/json.ts';

/**
 * RQ's encodings (RQ-LAYOUT sections 1, 3 and 4). Nothing outside the store knows them.
 */

/** Below this many bytes compressing costs more than it saves: the bytes are stored in a zlib envelope instead. */
const WORTH_COMPRESSING = 200;

/** A call as RQ's `data`: zlib over the JSON of `[task, null, args, kwargs]`. */
export function encodeCall({ task, args, kwargs }: Call): Buffer {
  return zlibOf(Buffer.from(JSON.stringify([task, null, args, kwargs])));
}

/** A payload that was read: the call, or why there is none to show. */
export type DecodedCall = { readonly call: Call; readonly opaque: null } | { readonly call: null; readonly opaque: string };

/** Reads RQ's `data`, compressed or not; what is not JSON is opaque (Python's default serialiser is pickle). */
export function decodeCall(data: Buffer): DecodedCall {
  if (data.length === 0) return opaque('the job has no payload');
  const bytes = unzlib(data, MAX_PAYLOAD_BYTES);
  if (bytes[0] === 0x80) return opaque('pickle');
  const text = bytes.toString('utf8');
  if (LONG_NUMBER.test(text) && findJsonFlaw(text)?.kind === 'number')
    return opaque('JSON with a number that cannot be kept exactly');
  try {
    const [task, , args, kwargs] = JSON.parse(text) as unknown[];
    if (
      typeof task !== 'string' ||
      !Array.isArray(args) ||
      typeof kwargs !== 'object' ||
      kwargs === null ||
      Array.isArray(kwargs)
    ) {
      return opaque('a payload that is not [task, null, args, kwargs]');
    }
    return { call: { task, args, kwargs: kwargs as Record<string, unknown> }, opaque: null };
  } catch {
    return opaque(PYTHONS_NUMBER.test(text) ? 'JSON with NaN or Infinity, which only Python reads' : 'a damaged payload');
  }
}

/** Digits or an exponent that may be more than a double holds: worth a closer look. */
const LONG_NUMBER = /\d{16}|\d[eE]\+?\d{3}/;
const PYTHONS_NUMBER = /[[:, ](NaN|-?Infinity)[\],} ]/;

/** No payload that a worker would take is larger than this when inflated. */
const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024;

function opaque(why: string): DecodedCall {
  return { call: null, opaque: why };
}

/** Text as RQ's `exc_string`: base64 over zlib over UTF-8. */
export function encodeError(text: string): string {
  return zlibOf(Buffer.from(text)).toString('base64');
}

/** Reads RQ's `exc_string`. */
export function decodeError(encoded: string): string {
  return unzlib(Buffer.from(encoded, 'base64'), MAX_PAYLOAD_BYTES).toString('utf8');
}

/** JSON text as RQ's `return_value`; null is omitted in RQ's results, hence ''. */
export function encodeResult(json: string | null): string {
  return json === null || json === 'null' ? '' : Buffer.from(json).toString('base64');
}

/** Reads RQ's `return_value` as JSON text; a pickled one is shown as what it is. */
export function decodeResult(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64');
  return bytes[0] === 0x80 ? JSON.stringify('(a pickled Python object)') : bytes.toString('utf8');
}

/** RQ's timestamp text to milliseconds; null for an empty, missing or malformed one. */
export function parseStamp(text: string | null | undefined): number | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** RQ's epoch float in seconds to milliseconds. */
export function parseEpoch(text: string | null | undefined): number | null {
  if (!text) return null;
  const seconds = Number(text);
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : null;
}

/** Milliseconds as RQ's whole seconds; null (none, for ever) as -1. */
export function secondsOf(ms: number | null): number {
  return ms === null ? -1 : Math.ceil(ms / 1000);
}

/** RQ's whole seconds as milliseconds; negative is null (none, for ever); missing or malformed is `otherwise`. */
export function msOfSeconds(text: string | null | undefined, otherwise: number | null): number | null {
  if (!text) return otherwise;
  const seconds = Number(text);
  if (!Number.isFinite(seconds)) return otherwise;
  return seconds < 0 ? null : seconds * 1000;
}

function zlibOf(bytes: Buffer): Buffer {
  return bytes.length < WORTH_COMPRESSING ? storedZlib(bytes) : deflateSync(bytes);
}

/** A zlib stream of one stored block (RFC 1950, 1951): readable by every zlib, made in a fraction of deflate's time. */
function storedZlib(bytes: Buffer): Buffer {
  const stream = Buffer.allocUnsafe(bytes.length + 11);
  stream[0] = 0x78;
  stream[1] = 0x01;
  stream[2] = 0x01;
  stream.writeUInt16LE(bytes.length, 3);
  stream.writeUInt16LE(~bytes.length & 0xffff, 5);
  bytes.copy(stream, 7);
  stream.writeUInt32BE(adler32(bytes), bytes.length + 7);
  return stream;
}

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length; i++) {
    a += bytes[i] ?? 0;
    b += a;
  }
  return (((b % 65521) << 16) | (a % 65521)) >>> 0;
}

function unzlib(bytes: Buffer, maxOutputLength: number): Buffer {
  const stored = storedBlockOf(bytes);
  if (stored) return stored;
  try {
    return inflateSync(bytes, { maxOutputLength });
  } catch {
    return bytes;
  }
}

/** What {@link storedZlib} made is read back without zlib. */
function storedBlockOf(stream: Buffer): Buffer | null {
  if (stream.length < 11 || stream[0] !== 0x78 || stream[1] !== 0x01 || stream[2] !== 0x01) return null;
  const length = stream.readUInt16LE(3);
  return stream.length === length + 11 ? stream.subarray(7, 7 + length) : null;
}

import { constants, deflateSync, inflateSync } from 'node:zlib';
import type { Call } from '../model.ts';
import { readJson, writeJson, writePlainJson } from '../parse/exact-json.ts';
import { timeOf } from './numbers.ts';
import type { Unpickled } from './pickle/read.ts';

/**
 * RQ's encodings (RQ-LAYOUT sections 1, 3 and 4). Nothing outside the store knows them.
 */

/** Below this many bytes compressing costs more than it saves: the bytes are stored in a zlib envelope instead. */
const WORTH_COMPRESSING = 200;

/** In which of RQ's serialisers a job's data, meta and results are: rqt writes JSON, and pickle only for a job that came as pickle. */
export type Serializer = 'json' | 'pickle';

/** A call as RQ's `data`: zlib over the JSON of `[task, null, args, kwargs]`. */
export function encodeCall({ task, args, kwargs }: Call): Buffer {
  return zlibOf(Buffer.from(`[${JSON.stringify(task)},null,${writeJson(args)},${writeJson(kwargs)}]`));
}

/** A payload that was read: the call, or why there is none to show; and what wrote it. */
export type DecodedCall = { readonly serializer: Serializer } & (
  | { readonly call: Call; readonly opaque: null }
  | { readonly call: null; readonly opaque: string }
);

/** Reads RQ's `data`, compressed or not: JSON, or a pickle of plain data (see {@link unpickle}); else it is opaque. */
export async function decodeCall(data: Buffer): Promise<DecodedCall> {
  if (data.length === 0) return opaque('the job has no payload');
  const bytes = unzlib(data, limitFor(data));
  if (bytes === null) return opaque('a payload that is larger than rqt reads', isPickle(headOf(data)) ? 'pickle' : 'json');
  if (isPickle(bytes)) {
    const read = await unpickle(bytes);
    return read.kind === 'read' ? callOf(read.value, 'pickle') : opaque(`a pickle ${read.why}`, 'pickle');
  }
  try {
    return callOf(readJson(bytes.toString('utf8')), 'json');
  } catch {
    return opaque('a damaged payload');
  }
}

function callOf(payload: unknown, serializer: Serializer): DecodedCall {
  const [task, instance, args, kwargs] = Array.isArray(payload) ? payload : [];
  const isCall = typeof task === 'string' && Array.isArray(args) && typeof kwargs === 'object' && kwargs !== null;
  if (!isCall || Array.isArray(kwargs) || kwargs instanceof Map || kwargs instanceof Set || Buffer.isBuffer(kwargs))
    return opaque('a payload that is not [task, null, args, kwargs]', serializer);
  if (instance !== null) return opaque('a method of an object, which only Python has', serializer);
  return { call: { task, args, kwargs: kwargs as Record<string, unknown> }, opaque: null, serializer };
}

/** No payload that a worker would take is larger than this when inflated. */
const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024;
/** That of src/store/pickle, which is loaded only when there is a pickle. */
const MAX_PICKLE_BYTES = 32 * 1024 * 1024;

/** Not even inflated is a pickle that is too large to be read. Few bytes cannot become that many. */
function limitFor(data: Buffer): number {
  return data.length > MAX_PICKLE_BYTES / 1100 && isPickle(headOf(data)) ? MAX_PICKLE_BYTES : MAX_PAYLOAD_BYTES;
}

/** The first byte of what is inflated. */
function headOf(data: Buffer): Buffer {
  try {
    return inflateSync(data.subarray(0, 512), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return data;
  }
}

/** Every pickle of protocol 2 and later begins with this byte, no JSON does. */
function isPickle(bytes: Buffer): boolean {
  return bytes[0] === 0x80;
}

/** Loaded when there is a pickle. */
async function unpickle(bytes: Buffer): Promise<Unpickled> {
  return (await import('./pickle/read.ts')).unpickle(bytes);
}

async function pickleOf(json: string): Promise<Buffer> {
  return (await import('./pickle/write.ts')).pickle(readJson(json));
}

function opaque(why: string, serializer: Serializer = 'json'): DecodedCall {
  return { call: null, opaque: why, serializer };
}

/** Notes on a new job, as RQ's `meta`. */
export function encodeMeta(meta: Readonly<Record<string, unknown>>): string {
  return writeJson(meta) ?? '{}';
}

/** Notes (JSON text) as RQ's `meta` of a job of this serialiser. */
export async function encodeMetaFor(serializer: Serializer, json: string): Promise<string | Buffer> {
  return serializer === 'pickle' ? pickleOf(json) : json;
}

/** Notes on a job as JSON text, '' for none, or one phrase that says why they cannot be read. */
export type DecodedMeta = { readonly json: string; readonly opaque: null } | { readonly json: null; readonly opaque: string };

/** Reads RQ's `meta`. What a pickle holds beyond JSON is written as `rqt status --json` shows it. */
export async function decodeMeta(bytes: Buffer): Promise<DecodedMeta> {
  if (!isPickle(bytes)) return { json: bytes.toString('utf8'), opaque: null };
  const read = await unpickle(bytes);
  if (read.kind === 'refused') return { json: null, opaque: `a pickle ${read.why}` };
  return { json: writePlainJson(read.value), opaque: null };
}

/** Text as RQ's `exc_string`: base64 over zlib over UTF-8. */
export function encodeError(text: string): string {
  return zlibOf(Buffer.from(text)).toString('base64');
}

/** Reads RQ's `exc_string`. */
export function decodeError(encoded: string): string {
  return unzlib(Buffer.from(encoded, 'base64'), MAX_PAYLOAD_BYTES)?.toString('utf8') ?? '(too large to be read)';
}

/** JSON text as RQ's `return_value` of a job of this serialiser; null is omitted in RQ's results, hence ''. */
export async function encodeResult(json: string | null, serializer: Serializer): Promise<string> {
  if (json === null || json === 'null') return '';
  return (serializer === 'pickle' ? await pickleOf(json) : Buffer.from(json)).toString('base64');
}

/** A result as JSON text, or one phrase that says why it cannot be read. */
export type DecodedResult = { readonly json: string; readonly opaque: null } | { readonly json: null; readonly opaque: string };

/** Reads RQ's `return_value`. */
export async function decodeResult(encoded: string): Promise<DecodedResult> {
  return decodeMeta(Buffer.from(encoded, 'base64'));
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
  const ms = timeOf(String(Number(text) * 1000));
  return ms === null ? null : Math.round(ms);
}

/** Milliseconds as RQ's whole seconds; null (none, for ever) as -1. */
export function secondsOf(ms: number | null): number {
  return ms === null ? -1 : Math.ceil(ms / 1000);
}

/** RQ's whole seconds as milliseconds; negative is null (none, for ever); missing or malformed is `otherwise`. */
export function msOfSeconds(text: string | null | undefined, otherwise: number | null): number | null {
  if (!text) return otherwise;
  const seconds = Number(text);
  if (!Number.isFinite(seconds * 1000)) return otherwise;
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

/** What is no stream is returned as it is; null when it would inflate to more than so many bytes. */
function unzlib(bytes: Buffer, maxOutputLength: number): Buffer | null {
  const stored = storedBlockOf(bytes);
  if (stored) return stored;
  try {
    return inflateSync(bytes, { maxOutputLength });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? null : bytes;
  }
}

/** What {@link storedZlib} made is read back without zlib. */
function storedBlockOf(stream: Buffer): Buffer | null {
  if (stream.length < 11 || stream[0] !== 0x78 || stream[1] !== 0x01 || stream[2] !== 0x01) return null;
  const length = stream.readUInt16LE(3);
  return stream.length === length + 11 ? stream.subarray(7, 7 + length) : null;
}

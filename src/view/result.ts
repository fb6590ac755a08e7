import { readJson, showJson } from '../parse/exact-json.ts';
import { findJsonFlaw } from '../parse/json.ts';
import { safeJson, safeLine, safeLines } from './safe.ts';

/** `raw`: a text is printed without its quotes. `forTerminal`: laid out, and harmless; else as it was kept, to the last byte, if that is JSON. */
export interface ResultStyle {
  readonly raw: boolean;
  readonly forTerminal: boolean;
}

/** A job's result (JSON text; null for none) as `rqt result` prints it. */
export function resultText(json: string | null, { raw, forTerminal }: ResultStyle): string {
  if (json === null) return 'null';
  if (findJsonFlaw(json) !== null) return asJson(json, forTerminal);
  const value: unknown = raw || forTerminal ? readJson(json) : null;
  if (raw && typeof value === 'string') return forTerminal ? safeLines(value, false).join('\n') : value;
  return forTerminal ? safeJson(value, 2) : json;
}

/** Python's NaN is no JSON: it is printed as the text "NaN". What nobody can read is printed as it was kept. */
function asJson(json: string, forTerminal: boolean): string {
  try {
    return forTerminal ? safeJson(readJson(json), 2) : showJson(readJson(json));
  } catch {
    return forTerminal ? safeLine(json) : json;
  }
}

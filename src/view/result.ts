import { findJsonFlaw } from '../parse/json.ts';
import { safeJson, safeLine, safeLines } from './safe.ts';

/** `raw`: a text is printed without its quotes. `forTerminal`: laid out, and harmless; else as it was kept, to the last byte. */
export interface ResultStyle {
  readonly raw: boolean;
  readonly forTerminal: boolean;
}

/** A job's result (JSON text; null for none) as `rqt result` prints it. */
export function resultText(json: string | null, { raw, forTerminal }: ResultStyle): string {
  if (json === null) return 'null';
  // What parsing would change (integers above 2^53, Python's NaN) is shown as it was kept.
  const isExact = findJsonFlaw(json) === null;
  if (!isExact) return forTerminal ? safeLine(json) : json;
  const value: unknown = raw || forTerminal ? JSON.parse(json) : null;
  if (raw && typeof value === 'string') return forTerminal ? safeLines(value, false).join('\n') : value;
  return forTerminal ? safeJson(value, 2) : json;
}

import type { Call } from '../model.ts';
import { writeJson } from './exact-json.ts';

/**
 * The job id that `--unique` gives a call on a queue: the same 32 hex digits for the same queue, task and arguments,
 * whatever the order of keywords and object keys.
 */
export function deriveJobId(queue: string, call: Call): string {
  const text = canonicalJson([queue, call.task, call.args, call.kwargs]);
  // Taken when needed: loading it costs milliseconds that most calls of `enqueue` need not pay.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** JSON without spaces, the keys of every object sorted. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return writeJson(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

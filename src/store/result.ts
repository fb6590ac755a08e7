import { decodeError, decodeResult } from './codec.ts';
import type { Db } from './db.ts';
import { keys } from './keys.ts';
import { countOf } from './numbers.ts';

/** What a job left. `absent`: it has finished, and its result could not be kept or read. `ended`: it has ended without finishing. */
export type JobResult =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unfinished'; readonly state: string }
  /** JSON text as it was kept; null when the job returned nothing. */
  | { readonly kind: 'finished'; readonly json: string | null }
  | { readonly kind: 'absent'; readonly reason: string }
  /** `error`: reason and stack trace, of a canceled job the reason alone, or null. `exitStatus`: that of the command which failed it, or null. */
  | {
      readonly kind: 'ended';
      readonly state: 'failed' | 'stopped' | 'canceled';
      readonly error: string | null;
      readonly exitStatus: number | null;
    };

/** Reads what a job's last attempt left. It only reads. */
export async function result(db: Db, id: string): Promise<JobResult> {
  const { client, prefix } = db;
  const [[state, absent, reason], [newest]] = await Promise.all([
    client.hmget(keys.job(prefix, id), 'status', 'rqt_absent', 'rqt_reason'),
    client.xrevrange(keys.results(prefix, id), '+', '-', 'COUNT', 1),
  ]);
  const fields = newest?.[1] ?? [];
  switch (state) {
    case null:
    case undefined:
      return { kind: 'missing' };
    case 'finished':
      return absent ? { kind: 'absent', reason: absent } : await readFinished(fields);
    case 'failed':
    case 'stopped': {
      const error = fieldOf(fields, 'exc_string');
      const status = fieldOf(fields, 'rqt_exit_status');
      return {
        kind: 'ended',
        state,
        error: error === null ? null : decodeError(error),
        exitStatus: state === 'failed' ? exitStatusOf(status) : null,
      };
    }
    case 'canceled':
      return { kind: 'ended', state, error: reason ?? null, exitStatus: null };
    default:
      return { kind: 'unfinished', state };
  }
}

/** Anything but 1 to 255 is none. */
function exitStatusOf(text: string | null): number | null {
  const status = countOf(text);
  return status >= 1 && status <= 255 ? status : null;
}

async function readFinished(fields: readonly string[]): Promise<JobResult> {
  const value = fieldOf(fields, 'type') === '1' ? fieldOf(fields, 'return_value') : null;
  if (value === null) return { kind: 'finished', json: null };
  const { json, opaque } = await decodeResult(value);
  return json === null ? { kind: 'absent', reason: `it is ${opaque}` } : { kind: 'finished', json };
}

function fieldOf(fields: readonly string[], name: string): string | null {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1] || null;
  return null;
}

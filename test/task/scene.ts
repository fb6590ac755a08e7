import assert from 'node:assert/strict';
import type { Ran } from '../helpers/rqt.ts';
import { newFolder, type Space } from '../helpers/space.ts';

/** The part of `rqt status --json` that these tests look at. */
export interface Status {
  readonly state: string;
  readonly result: unknown;
  readonly error: string | null;
  readonly stdout: string;
  readonly attempt_count: number;
  readonly attempts: readonly { readonly outcome: string; readonly error: string | null }[];
  readonly progress: number | null;
  readonly progress_note: string | null;
  readonly meta: Readonly<Record<string, unknown>> | null;
  readonly queue: string;
  readonly depends_on: readonly string[];
  readonly due_at: string | null;
  readonly timeout_seconds: number | null;
  readonly result_ttl_seconds: number | null;
  readonly description: string;
  readonly args: readonly unknown[];
  readonly retries_left: number;
}

/** Reads `rqt status --json`. */
export async function statusOf(space: Space, id: string): Promise<Status> {
  const { status, stdout, stderr } = await space.run(['status', '--json', id]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Status;
}

/** Writes a module with this text as `t.mjs` and runs its `run` in a burst. `flags` are for `rqt enqueue`. */
export async function runOnce(
  space: Space,
  text: string,
  flags: readonly string[] = [],
): Promise<{ readonly id: string; readonly ran: Ran; readonly status: Status }> {
  const folder = newFolder({ 't.mjs': text });
  const id = await space.enqueue('t#run', ...flags);
  const ran = await space.run(['worker', '--burst', '--path', folder, '--grace', '0']);
  return { id, ran, status: await statusOf(space, id) };
}

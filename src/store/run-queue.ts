import type { Db } from './db.ts';
import { releaseAll } from './release.ts';
import { runScript } from './scripts.ts';

/** Notes that the queue of an `rqt run` is in use for so long; after that whoever looks may remove it. */
export async function noteRun(db: Db, queue: string, forMs: number): Promise<void> {
  await runScript(db, 'noteRun', [queue, Math.ceil(forMs / 1000)]);
}

/** Removes the queue of an `rqt run` with all its jobs, and its worker. */
export async function dropRun(db: Db, queue: string, worker: string | null): Promise<void> {
  for (;;) {
    const [, , more] = await runScript(db, 'dropRun', [queue, worker ?? '', 'the rqt run that it waited for is over']);
    if (more !== 1) return;
    await releaseAll(db);
  }
}

/** Removes what runs have left behind whose process was killed. */
export async function dropLostRuns(db: Db): Promise<void> {
  for (;;) {
    const [kind] = await runScript(db, 'dropRun', ['', '', 'the rqt run that it waited for was killed']);
    if (kind === 'none') return;
  }
}

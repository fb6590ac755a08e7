import type { Db } from './db.ts';
import { runScript } from './scripts.ts';

/** Judges the children of ended or removed parents that a script has left to others, to the last one. Returns how many were canceled. */
export async function releaseAll(db: Db): Promise<number> {
  let sum = 0;
  for (;;) {
    const [, canceled, more] = await runScript(db, 'release', []);
    sum += Number(canceled);
    if (more !== 1) return sum;
  }
}

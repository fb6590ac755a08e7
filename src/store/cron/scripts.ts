import type { Db } from '../db.ts';
import cron from '../lua/cron.lua';
import due from '../lua/cron_due.lua';
import fire from '../lua/cron_fire.lua';
import pause from '../lua/cron_pause.lua';
import put from '../lua/cron_put.lua';
import remove from '../lua/cron_remove.lua';
import run from '../lua/cron_run.lua';
import { OVERLAP, runScript } from '../scripts.ts';

const CRON = OVERLAP + cron;
const SCRIPTS = {
  cronPut: CRON + put,
  cronRemove: CRON + remove,
  cronPause: CRON + pause,
  cronRun: CRON + run,
  cronDue: CRON + due,
  cronFire: CRON + fire,
} as const;

/** Runs a script of the timetable and returns its tagged array. */
export function runCronScript(
  db: Db,
  name: keyof typeof SCRIPTS,
  args: readonly (string | number | Buffer)[],
): Promise<unknown[]> {
  return runScript(db, { name, lua: SCRIPTS[name] }, args);
}

/**
 * The tasks of a self-test, for a folder of its own. They tell what they do outside Redis: a line for each, appended in one write, so that
 * a kill leaves all of it or nothing.
 */
export const TASKS = `
import { appendFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const file = fileURLToPath(new URL('effects', import.meta.url));
const id = () => process.env.RQT_JOB_ID;
const tell = what => appendFileSync(file, [what, id(), process.pid].join(' ') + '\\n');
const begun = () => readFileSync(file, 'utf8').split('\\n').filter(line => line.startsWith('begun ' + id() + ' ')).length;

/** Its first attempts last until they are killed. */
async function start(holds) {
  tell('begun');
  if (begun() <= holds) await new Promise(resolve => setTimeout(resolve, 600_000));
}
export async function hold(holds) {
  await start(holds);
  tell('done');
}
export async function fail(holds) {
  await start(holds);
  throw new Error('it fails, as asked');
}
export function line() {
  tell('begun');
  tell('done');
}
`;

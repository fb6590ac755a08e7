/** Tasks that tell outside Redis what they do: a line for each, appended in one write, so that a kill leaves all of it or nothing. */
export const TASKS = `
import { appendFileSync, readFileSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
const file = process.env.RQT_TEST_FOLDER + '/effects';
const id = () => process.env.RQT_JOB_ID;
const tell = what => appendFileSync(file, [what, id(), process.env.RQT_EXECUTION].join(' ') + '\\n');
const told = what => readFileSync(file, 'utf8').split('\\n').filter(line => line.startsWith(what + ' ' + id() + ' ')).length;
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const job = () => globalThis[Symbol.for('rqt.job')];

export function plain() { tell('begun'); tell('done'); return id(); }
/** Fails until it has failed so many times. */
export function flaky(times) {
  tell('begun');
  if (told('failed') < times) { tell('failed'); throw new Error('not yet'); }
  tell('done');
}
export function bad() { tell('begun'); tell('done'); throw new Error('it never works'); }
/** Its executor dies the first time. */
export function dies() {
  tell('begun');
  if (told('begun') === 1) process.kill(process.pid, 'SIGKILL');
  tell('done');
}
export async function slow(ms) {
  tell('begun');
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) console.log('still at it');
  tell('done');
}
export async function talks() {
  tell('begun');
  job().meta.told = 'a lot';
  job().progress(0.5, 'half of it');
  await job().saveMeta();
  // An earlier attempt may have come this far.
  await job().enqueue('tasks#plain', [], { id: id() + '-child' });
  tell('done');
}
/** Its executor must not be used again: the next job of this file finds it changed. */
export function touches() {
  tell('begun');
  utimesSync(fileURLToPath(import.meta.url), new Date(), new Date());
  tell('done');
}
export async function heeds() {
  const { signal } = job();
  tell('begun');
  while (!signal.aborted) await sleep(10);
}
export async function longCallback({ id }) {
  appendFileSync(file, 'callback ' + id + ' \\n');
  await sleep(500);
}
export function callback({ id }) { appendFileSync(file, 'callback ' + id + ' \\n'); }
`;

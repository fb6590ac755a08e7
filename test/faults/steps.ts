import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FromExecutor, ToExecutor } from '../../src/executor/protocol.ts';
import { projectRoot } from '../helpers/rqt.ts';

/** Every message there is, by who sends it. The compiler misses a new one here. */
const TO_EXECUTOR: Readonly<Record<ToExecutor['type'], true>> = { setup: true, run: true, abort: true, answer: true };
const FROM_EXECUTOR: Readonly<Record<FromExecutor['type'], true>> = {
  ready: true,
  done: true,
  unfit: true,
  request: true,
  aborting: true,
};

/**
 * Every step at which a process can be killed, complete by construction: before and after each script, before and after each message is
 * sent and when it is received, and each failpoint that the source names.
 */
export function allSteps(): string[] {
  const messages = [...Object.keys(TO_EXECUTOR), ...Object.keys(FROM_EXECUTOR)];
  return [
    ...scriptNames().flatMap(name => [`${name}.before`, `${name}.after`]),
    ...messages.flatMap(type => ['before', 'after', 'received'].map(when => `message.${type}.${when}`)),
    ...namedInSource(),
  ]
    .filter(step => !NOBODY_LIVES_SO_LONG.includes(step))
    .sort();
}

/** Whether only the executor dies there: its worker sees a job that failed. */
export function isOfExecutor(step: string): boolean {
  const [kind = '', type = '', when] = step.split('.');
  if (kind === 'message') return when === 'received' ? type in TO_EXECUTOR : type in FROM_EXECUTOR;
  return kind === 'task' || step === 'executor.started';
}

/** An executor that calls itself unfit is killed by its worker as soon as that is heard: a race that it may win, and need not. */
const NOBODY_LIVES_SO_LONG = ['message.unfit.after'];

/** Of each file that is a script, not a part of several: those have arguments and a reply. */
function scriptNames(): string[] {
  const folder = join(projectRoot, 'src/store/lua');
  const scripts = readdirSync(folder).filter(file => /^-- ARGV .*^-- returns /ms.test(readFileSync(join(folder, file), 'utf8')));
  return scripts.map(file => file.replace(/\.lua$/, '').replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
}

function namedInSource(): string[] {
  const folder = join(projectRoot, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const texts = files.map(file => readFileSync(join(folder, file), 'utf8'));
  return texts.flatMap(text => [...text.matchAll(/\bfailpoint\('([^']+)'\)/g)].map(match => match[1] ?? ''));
}

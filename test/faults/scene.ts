import type { Running } from '../helpers/rqt.ts';
import type { Expected, Stage } from './stage.ts';

/** What a process is killed in: jobs, and the process that is to die. */
export interface Scene {
  readonly name: string;
  /** Several processes are armed, one after the other: each may die at a step of its own. */
  readonly manyDie?: boolean;
  /** Those that are armed run no jobs: whoever of them is killed, no job is run a second time because of that. */
  readonly runsNone?: boolean;
  /** Its jobs go with their results: there is nothing to compare the workers' counters with. */
  readonly keepsNone?: boolean;
  /** Puts jobs there. */
  set(stage: Stage): Promise<void>;
  /** Starts the process that is armed to die, and does what is to be done meanwhile; returns when that process has ended. */
  act(stage: Stage, steps: string): Promise<void>;
  /** Before the clean worker: undoes what would keep it from working. */
  after?(stage: Stage): Promise<void>;
}

/** A scene in which one command is killed. */
export function command(name: string, args: readonly string[], set: Scene['set'], after?: Scene['after']): Scene {
  return { name, runsNone: true, set, act: async (stage, steps) => ended(stage.start(args, steps)), ...(after && { after }) };
}

export async function ended(running: Running): Promise<void> {
  await running.ended;
}

export function hasEnded({ child }: Running): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Runs a command that nobody kills; it must end well. */
export async function doCleanly(stage: Stage, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { status, signal, stderr } = await stage.start(args, undefined, env).ended;
  if (status !== 0) throw new Error(`rqt ${args.join(' ')}, after the kill, ended with ${status ?? signal}: ${stderr}`);
}

/** Ids that were printed are acknowledged; others may be there or not. */
export function expectPrinted(
  stage: Stage,
  printed: string,
  { all = [], is = {} }: { all?: string[]; is?: Expected } = {},
): void {
  const acknowledged = printed.split('\n').slice(0, -1);
  for (const id of all) stage.expected.set(id, { ...is, mayBeGone: true, done: { least: 0 } });
  for (const id of acknowledged) stage.expected.set(id, is);
}

export const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `j${i}`);

import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** A process that ended well. */
export interface Ran {
  readonly ms: number;
  readonly stdout: string;
}

/** Runs a program to its end and takes the time of the whole process. Throws when it fails, with what it said. */
export async function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  const startedAt = performance.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const said = child.stderr ? text(child.stderr) : '';
  const printed = child.stdout ? text(child.stdout) : '';
  const [status] = await exited;
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${(await said).slice(-2000)}`);
  return { ms, stdout: await printed };
}

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestRedis } from './redis.ts';
import type { Running } from './rqt.ts';
import { newFolder, type Space } from './space.ts';
import { until } from './until.ts';

/** A task that tells that it has begun and ends when it may: a file `begun-<n>` for each attempt, then it waits for the file `open`. */
const WAITS = `
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
export async function untilOpen(folder) {
  writeFileSync(folder + '/begun-' + (readdirSync(folder).filter(name => name.startsWith('begun')).length + 1), '');
  while (!existsSync(folder + '/open')) await new Promise(resolve => setTimeout(resolve, 10));
}
`;

/** A worker named `name` and the job that it runs until `open` is called. */
export interface Busy {
  readonly id: string;
  readonly worker: Running;
  /** Waits until so many attempts have begun. */
  begun(attempts: number): Promise<void>;
  open(): void;
  /** What `rqt worker` needs to find the task. */
  readonly path: string;
}

/** Starts a worker that is in the middle of a job; `flags` are for `rqt enqueue`. */
export async function startBusy(space: Space, name: string, flags: readonly string[] = []): Promise<Busy> {
  const path = newFolder({ 'waits.mjs': WAITS });
  const folder = newFolder();
  const id = await space.enqueue('waits#untilOpen', folder, ...flags);
  const worker = space.start(['worker', '--name', name, '--path', path, '--grace', '0']);
  const begun = (attempts: number) => until(`attempt ${attempts} has begun`, () => existsSync(join(folder, `begun-${attempts}`)));
  await begun(1);
  return {
    id,
    worker,
    path,
    open: () => writeFileSync(join(folder, 'open'), ''),
    begun: async attempts => void (await begun(attempts)),
  };
}

/** Runs `work` while a worker is stopped and has lost all its connections: it cannot hear what is said meanwhile. */
export async function whileDeaf<T>({ client }: TestRedis, { child }: Running, work: () => Promise<T>): Promise<T> {
  child.kill('SIGSTOP');
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  try {
    return await work();
  } finally {
    child.kill('SIGCONT');
  }
}

/** Ends a worker warmly and returns its exit status. */
export async function endWorker({ child, ended }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  return (await ended).status;
}

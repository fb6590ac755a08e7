import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ran, run } from './process.ts';

/** The rqt that is measured: a copy, so that a build beside the bench does not change it half way. */
export interface Product {
  readonly launcher: string;
  /** The task root with `noop#noop` and `noop#now`. */
  readonly tasks: string;
  /** Runs it to its end; throws when it fails. */
  rqt(url: string, args: readonly string[]): Promise<Ran>;
  env(url: string): NodeJS.ProcessEnv;
}

const TASKS = `
export function noop() {}
export function now() { return performance.timeOrigin + performance.now(); }
`;

/** Copies the built rqt of the checkout `root` into the folder `dir`. */
export function copyProduct(root: string, dir: string): Product {
  cpSync(join(root, 'bin'), join(dir, 'bin'), { recursive: true });
  cpSync(join(root, 'dist'), join(dir, 'dist'), { recursive: true, filter: path => !path.endsWith('.cache') });
  const tasks = join(dir, 'bench-tasks');
  mkdirSync(tasks);
  writeFileSync(join(tasks, 'noop.mjs'), TASKS);
  const launcher = join(dir, 'bin/rqt.js');
  const env = (url: string) => ({ ...process.env, RQT_REDIS_URL: url, NODE_OPTIONS: '' });
  return {
    launcher,
    tasks,
    env,
    rqt: (url, args) => run(process.execPath, [launcher, ...args], { env: env(url), cwd: dir }),
  };
}

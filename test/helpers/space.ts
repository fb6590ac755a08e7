import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { TestRedis } from './redis.ts';
import { type Ran, type RqtOptions, type Running, rqt, startRqt } from './rqt.ts';

/** A namespace of one test's own on the Redis that the tests of a file share. */
export interface Space {
  readonly namespace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  run(args: readonly string[], options?: RqtOptions): Promise<Ran>;
  start(args: readonly string[], options?: RqtOptions): Running;
  /** Runs `rqt enqueue` and returns the id; throws what it says when it fails. */
  enqueue(...args: string[]): Promise<string>;
  /** A key in the namespace. */
  key(rest: string): string;
  field(id: string, name: string): Promise<string | null>;
  keys(): Promise<string[]>;
}

let count = 0;

export function newSpace({ url, client }: TestRedis): Space {
  count += 1;
  const namespace = `t${count}`;
  const env = { RQT_REDIS_URL: url, RQT_NAMESPACE: namespace };
  const withEnv = (options: RqtOptions) => ({ ...options, env: { ...env, ...options.env } });
  const run = (args: readonly string[], options: RqtOptions = {}) => rqt(args, withEnv(options));
  const key = (rest: string) => `${namespace}:${rest}`;
  return {
    namespace,
    env,
    run,
    start: (args, options = {}) => startRqt(args, withEnv(options)),
    async enqueue(...args) {
      const { status, stdout, stderr } = await run(['enqueue', ...args]);
      if (status !== 0) throw new Error(`rqt enqueue ended with ${status}: ${stderr}`);
      return stdout.trim();
    },
    key,
    field: (id, name) => client.hget(key(`job:${id}`), name),
    keys: async () => (await client.keys(`${namespace}:*`)).sort(),
  };
}

/** A directory of this test file's own, with these files in it. */
export function newFolder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'rqt-folder-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The lines of a text, without its last line feed. */
export function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

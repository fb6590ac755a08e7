import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.ts';

/** What rqt is held against, installed by the bench itself and kept for its next run. Each is a path, or why there is none. */
export interface Peers {
  /** The folder of a Python environment's programs, with rq in it. */
  rq(): Promise<Peer>;
  /** A file whose neighbours are BullMQ's packages: for `createRequire`. */
  bullmq(): Promise<Peer>;
}

/** Where it is, or why it cannot be here. */
export type Peer = { readonly path: string; readonly missing: null } | { readonly path: null; readonly missing: string };

const RQ = 'rq==2.10.0';
const BULLMQ = ['bullmq@6.7.0', 'ioredis@6.0.0'];

/** Peers live in `dir`. */
export function peersIn(dir: string, say: (text: string) => void): Peers {
  const once = memory();
  return {
    rq: () => once('rq', () => installRq(dir, say)),
    bullmq: () => once('bullmq', () => installBullmq(dir, say)),
  };
}

async function installRq(dir: string, say: (text: string) => void): Promise<Peer> {
  const path = join(dir, 'venv/bin');
  if (existsSync(join(path, 'rq'))) return { path, missing: null };
  say(`installing ${RQ} into ${dir}`);
  return attempt(path, 'RQ needs python3 with venv, and PyPI', async () => {
    await run('python3', ['-m', 'venv', join(dir, 'venv')]);
    await run(join(path, 'pip'), ['install', '--quiet', RQ]);
  });
}

async function installBullmq(dir: string, say: (text: string) => void): Promise<Peer> {
  const path = join(dir, 'package.json');
  if (existsSync(join(dir, 'node_modules/bullmq')) && existsSync(join(dir, 'node_modules/ioredis')))
    return { path, missing: null };
  say(`installing ${BULLMQ.join(' and ')} into ${dir}`);
  return attempt(path, 'BullMQ needs the npm registry', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(path, '{ "private": true }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...BULLMQ], { cwd: dir });
  });
}

async function attempt(path: string, need: string, install: () => Promise<void>): Promise<Peer> {
  try {
    await install();
    return { path, missing: null };
  } catch (error) {
    return { path: null, missing: `${need} (${error instanceof Error ? error.message.split('\n')[0] : error})` };
  }
}

function memory(): (key: string, make: () => Promise<Peer>) => Promise<Peer> {
  const made = new Map<string, Promise<Peer>>();
  return (key, make) => {
    const known = made.get(key) ?? make();
    made.set(key, known);
    return known;
  };
}

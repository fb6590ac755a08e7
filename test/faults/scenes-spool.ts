import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { doCleanly, ended, expectPrinted, many, type Scene } from './scene.ts';
import type { Stage } from './stage.ts';

const LATER = ['--spool', '--connect-timeout', '0.2s'];

/** Producers that keep jobs while Redis is away are killed, and then those that send them. */
const producers: Scene = {
  name: 'spool',
  manyDie: true,
  runsNone: true,
  set: async () => {},
  async act(stage, steps) {
    writeFileSync(join(stage.folder, 'lines'), many(30).join('\n'));
    const enqueue = async (...args: string[]) =>
      (await stage.start(['enqueue', 'tasks#plain', ...args, ...LATER], steps, away(stage)).ended).stdout;
    expectPrinted(stage, await enqueue('--job-id', 'kept'), { all: ['kept'] });
    expectPrinted(stage, await enqueue('--lines', 'lines'));
    comeBack(stage);
    expectPrinted(stage, await enqueue('--job-id', 'direct'), { all: ['direct'] });
    await ended(stage.start(['resume'], steps, away(stage)));
  },
  after: sendTheRest,
};

/** A worker that sends what was kept is killed. */
const worker: Scene = {
  name: 'spool that a worker sends',
  async set(stage) {
    writeFileSync(join(stage.folder, 'lines'), many(30).join('\n'));
    for (const args of [
      ['--job-id', 'kept'],
      ['--lines', 'lines'],
    ]) {
      const { stdout } = await stage.start(['enqueue', 'tasks#plain', ...args, ...LATER], undefined, away(stage)).ended;
      expectPrinted(stage, stdout);
    }
    comeBack(stage);
  },
  act: async (stage, steps) => ended(stage.startWorker(steps, '--url', urlOf(stage))),
  after: sendTheRest,
};

export const SPOOL_SCENES: readonly Scene[] = [producers, worker];

/** Each producer has the same Redis and spool; there is nothing at that address yet. */
function away(stage: Stage): NodeJS.ProcessEnv {
  return { RQT_REDIS_URL: urlOf(stage), RQT_HOME: homeOf(stage) };
}

const urlOf = ({ folder }: Stage) => `unix://${folder}/redis.sock`;
const homeOf = ({ folder }: Stage) => join(folder, 'home');

function comeBack({ folder, db }: Stage): void {
  symlinkSync(db.where, join(folder, 'redis.sock'));
}

async function sendTheRest(stage: Stage): Promise<void> {
  await doCleanly(stage, ['resume'], away(stage));
  const spool = join(homeOf(stage), 'spool');
  const left = readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter(name => /\.json$|\/bad$/.test(name));
  if (left.length > 0) throw new Error(`left in the spool: ${left.join(', ')}`);
}
